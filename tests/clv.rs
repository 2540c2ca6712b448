//! The tables of BG/NBD, computed and published side by side:
//!
//!     cargo test --release --test clv -- --nocapture

#[path = "support/models.rs"]
mod published;
mod support;

use published::{Parameters, bgnbd, fitted, log_likelihood, parameters, rows};

/// The parameters of the greatest likelihood over CDNOW's 2,357 customers are those that the paper
/// prints, and so is what it expects of one of them.
#[test]
fn the_table_of_the_paper() {
    let customers = rows("cdnow_summary_2357.csv");
    let found = fit(&customers);
    let likelihood = total(found, &customers);
    let mut one = bgnbd(parameters("paper"), &[39]);
    one.bought(2.0, 30.43, 38.86);
    let expected = one.read("weeks_39").expect("known");
    let Parameters { r, alpha, a, b } = found;
    println!("BG/NBD over {} customers of CDNOW; Fader, Hardie, Lee 2005\n", customers.len());
    println!("{:<46}{:>12}{:>12}", "", "computed", "published");
    for (what, computed, published) in [
        ("r", format!("{r:.3}"), "0.243"),
        ("alpha", format!("{alpha:.3}"), "4.414"),
        ("a", format!("{a:.3}"), "0.793"),
        ("b", format!("{b:.3}"), "2.426"),
        ("log-likelihood", format!("{likelihood:.1}"), "-9582.4"),
        ("purchases in 39 weeks of x 2, t 30.43, T 38.86", format!("{expected:.3}"), "1.226"),
    ] {
        println!("{what:<46}{computed:>12}{published:>12}");
        assert_eq!(computed, published, "{what}");
    }
    // Beyond what is printed: the parameters that another program has fitted.
    let other = parameters("mle");
    for (ours, theirs) in [(r, other.r), (alpha, other.alpha), (a, other.a), (b, other.b)] {
        assert!((ours - theirs).abs() < 2e-5 * theirs, "{ours}, not {theirs}");
    }
    assert!((likelihood - fitted()["log_likelihood"].as_f64().expect("a number")).abs() < 1e-6);
}

/// What a policy says of 50 customers, beside the same in 40-digit arithmetic.
#[test]
fn fifty_customers() {
    let mut model = bgnbd(parameters("mle"), &[4, 13, 39, 104]);
    let names = ["alive", "weeks_4", "weeks_13", "weeks_39", "weeks_104"];
    println!("computed by a policy, and how far from the table of 40 digits, relatively\n");
    print!("{:>6}{:>4}{:>7}{:>7}", "id", "x", "t_x", "T");
    println!("{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}", "alive", "4w", "13w", "39w", "104w", "apart");
    let table = rows("bgnbd_expected_50.csv");
    assert_eq!(table.len(), 50);
    for row in table {
        model.bought(row[1], row[2], row[3]);
        let computed = names.map(|name| model.read(name).expect("known"));
        let apart = |(ours, theirs): (&f64, &f64)| ((ours - theirs) / theirs).abs();
        let apart = computed.iter().zip(&row[4..]).map(apart).fold(0.0, f64::max);
        print!("{:>6}{:>4}{:>7.2}{:>7.2}", row[0], row[1], row[2], row[3]);
        computed.iter().for_each(|number| print!("{number:>10.6}"));
        println!("{apart:>10.0e}");
        // The table prints fifteen digits.
        assert!(apart < 1e-13, "{row:?}: {apart}");
    }
}

fn total(parameters: Parameters, customers: &[Vec<f64>]) -> f64 {
    let of = |row: &Vec<f64>| {
        let [_, x, t_x, age] = row[..] else { panic!("{row:?}") };
        log_likelihood(parameters, x, age, alive(parameters, x, t_x, age))
    };
    customers.iter().map(of).sum()
}

/// P(alive) as the paper has it.
fn alive(Parameters { r, alpha, a, b }: Parameters, x: f64, t_x: f64, age: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    1.0 / (1.0 + a / (b + x - 1.0) * ((alpha + age) / (alpha + t_x)).powf(r + x))
}

/// The parameters of the greatest likelihood, by the simplex of Nelder and Mead (The Computer
/// Journal 7, 1965), over their logarithms, from 1 each.
fn fit(customers: &[Vec<f64>]) -> Parameters {
    let at = |point: [f64; 4]| {
        let [r, alpha, a, b] = point.map(f64::exp);
        Parameters { r, alpha, a, b }
    };
    let cost = |point: [f64; 4]| -total(at(point), customers);
    let mix = |from: [f64; 4], to: [f64; 4], share: f64| -> [f64; 4] {
        std::array::from_fn(|axis| from[axis] + share * (to[axis] - from[axis]))
    };
    let mut simplex: Vec<([f64; 4], f64)> = (0..5)
        .map(|corner| std::array::from_fn(|axis| if axis + 1 == corner { 0.5 } else { 0.0 }))
        .map(|point| (point, cost(point)))
        .collect();
    for _ in 0..1_000 {
        simplex.sort_by(|one, other| one.1.total_cmp(&other.1));
        if simplex[4].1 - simplex[0].1 < 1e-10 {
            break;
        }
        let middle = std::array::from_fn(|axis| {
            simplex[..4].iter().map(|(point, _)| point[axis] / 4.0).sum()
        });
        let (worst, best) = (simplex[4], simplex[0]);
        let try_at = |share: f64| {
            let point = mix(middle, worst.0, share);
            (point, cost(point))
        };
        let reflected = try_at(-1.0);
        if reflected.1 < best.1 {
            let expanded = try_at(-2.0);
            simplex[4] = if expanded.1 < reflected.1 { expanded } else { reflected };
        } else if reflected.1 < simplex[3].1 {
            simplex[4] = reflected;
        } else {
            let contracted = try_at(if reflected.1 < worst.1 { -0.5 } else { 0.5 });
            if contracted.1 < worst.1.min(reflected.1) {
                simplex[4] = contracted;
            } else {
                for corner in &mut simplex[1..] {
                    let point = mix(best.0, corner.0, 0.5);
                    *corner = (point, cost(point));
                }
            }
        }
    }
    at(simplex[0].0)
}
