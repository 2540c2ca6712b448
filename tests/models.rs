//! Models against what was published, against another way to compute the same, and by direction.

#[path = "support/models.rs"]
mod published;
mod support;

use opportune::Value;
use opportune::compile::{Source, compile};
use proptest::prelude::*;
use published::{
    Parameters, Subscriber, bgnbd, close, data, fitted, log_likelihood, parameters, policy, rows,
};

#[test]
fn bgnbd_gives_the_table_that_was_computed_with_forty_digits() {
    let mut model = bgnbd(parameters("mle"), &[4, 13, 39, 104]);
    let table = rows("bgnbd_expected_50.csv");
    assert_eq!(table.len(), 50);
    for row in table {
        model.bought(row[1], row[2], row[3]);
        let names = ["alive", "weeks_4", "weeks_13", "weeks_39", "weeks_104"];
        for (name, expected) in names.into_iter().zip(&row[4..]) {
            let found = model.read(name).expect("known");
            // The table prints fifteen digits.
            assert!(close(found, *expected, 1e-13), "{name} of {row:?}: {found}");
        }
    }
}

#[test]
fn bgnbd_gives_the_published_likelihood_of_2357_customers() {
    let mle = parameters("mle");
    let (mut fitted_model, mut paper_model) = (bgnbd(mle, &[]), bgnbd(parameters("paper"), &[]));
    let each: Vec<f64> = data("bgnbd_loglik_per_customer_at_mle.csv")
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    let customers = rows("cdnow_summary_2357.csv");
    assert_eq!((customers.len(), each.len()), (2_357, 2_357));
    let (mut sum, mut sum_of_paper) = (0.0, 0.0);
    for (row, expected) in customers.iter().zip(each) {
        let [_, x, t_x, age] = row[..] else { panic!("{row:?}") };
        let of = |model: &mut Subscriber, parameters| {
            model.bought(x, t_x, age);
            log_likelihood(parameters, x, age, model.read("alive").expect("known"))
        };
        let found = of(&mut fitted_model, mle);
        // The fixture prints twelve digits.
        assert!(close(found, expected, 5e-12), "{row:?}: {found}, not {expected}");
        sum += found;
        sum_of_paper += of(&mut paper_model, parameters("paper"));
    }
    let json = fitted();
    let expected = json["log_likelihood"].as_f64().expect("a number");
    assert!(close(sum, expected, 1e-12), "{sum}, not {expected}");
    // What the paper prints.
    assert_eq!(format!("{sum:.1}"), "-9582.4");
    let expected = json["loglik_at_rounded_paper_params"].as_f64().expect("a number");
    assert!(close(sum_of_paper, expected, 1e-12), "{sum_of_paper}, not {expected}");
}

#[test]
fn a_new_customer_buys_as_often_as_the_paper_expects() {
    let mut model = bgnbd(parameters("mle"), &[39]);
    model.bought(0.0, 0.0, 0.0);
    let expected = fitted()["E_X_39"].as_f64().expect("a number");
    assert!(close(model.read("weeks_39").expect("known"), expected, 1e-13));
    // The customer of section 5 of the paper: 2 purchases, the last in week 30.43 of 38.86, makes
    // 1.226 more in the next 39 weeks.
    let mut model = bgnbd(parameters("paper"), &[39]);
    model.bought(2.0, 30.43, 38.86);
    assert_eq!(format!("{:.3}", model.read("weeks_39").expect("known")), "1.226");
}

/// E[(1 - (1 + p z)^-s) / p] over p ~ Beta(a, b), by the double exponential rule (Takahasi and Mori
/// 1974): another formula for expected purchases, without a hypergeometric function.
fn by_quadrature(Parameters { r, alpha, a, b }: Parameters, x: f64, age: f64, ahead: f64) -> f64 {
    let (z, s) = (ahead / (alpha + age), r + x);
    let (mut total, mut weight) = (0.0, 0.0);
    for step in -400..=400 {
        let u = f64::from(step) / 64.0;
        let reach = std::f64::consts::FRAC_PI_2 * u.sinh();
        // p and 1 - p, each without cancellation.
        let (p, q) = (1.0 / (1.0 + (-2.0 * reach).exp()), 1.0 / (1.0 + (2.0 * reach).exp()));
        let density = a * p.ln() + (b + x) * q.ln() + u.cosh().ln();
        let density = density.exp();
        if density == 0.0 || p == 0.0 {
            continue;
        }
        total += density * -(-s * (p * z).ln_1p()).exp_m1() / p;
        weight += density;
    }
    total / weight
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn expected_purchases_are_what_an_integral_says(
        r in 0.1f64..5.0, alpha in 1.0f64..20.0, a in 0.05f64..4.0, b in 0.5f64..10.0,
        x in 0u32..40, recency in 0.0f64..=1.0, age in 0.0f64..100.0,
    ) {
        // A beta of exactly 1 is where the usual formula has no value.
        for a in [a, 1.0] {
            let parameters = Parameters { r, alpha, a, b };
            let mut model = bgnbd(parameters, &[4, 20]);
            let x = f64::from(x);
            model.bought(x, recency * age, age);
            let alive = model.read("alive").expect("known");
            for (name, ahead) in [("weeks_4", 4.0), ("weeks_20", 20.0)] {
                let expected = alive * by_quadrature(parameters, x, age, ahead);
                let found = model.read(name).expect("known");
                prop_assert!(
                    close(found, expected, 1e-9) || alive < 1e-200,
                    "{name} of {parameters:?}, {x}, {age}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn who_bought_lately_is_alive_and_who_is_silent_less_so(
        x in 1u32..50, early in 0.0f64..40.0, later in 0.1f64..40.0, silent in 0.1f64..40.0,
    ) {
        let mut model = bgnbd(parameters("mle"), &[4, 13]);
        let x = f64::from(x);
        let mut alive = |x, t_x, age| {
            model.bought(x, t_x, age);
            [model.read("alive"), model.read("weeks_4"), model.read("weeks_13")].map(Option::unwrap)
        };
        let age = early + later + silent;
        let (old, recent) = (alive(x, early, age), alive(x, early + later, age));
        let longer = alive(x, early, age + silent);
        for at in 0..3 {
            prop_assert!(old[at] < recent[at] || recent[at] == 1.0, "{old:?} {recent:?}");
            prop_assert!(longer[at] < old[at] || old[at] < 1e-300, "{longer:?} {old:?}");
        }
        prop_assert!((0.0..=1.0).contains(&old[0]) && old[1] < old[2]);
        // Who bought more often until now, and as lately as can be, buys more.
        prop_assert!(alive(x, age, age)[2] < alive(x + 1.0, age, age)[2]);
    }

    #[test]
    fn a_scorecard_is_the_logistic_of_its_sum(
        spend in -50.0f64..50.0, days in 0i64..2_000, gold in any::<bool>(), known in any::<bool>(),
    ) {
        let mut model = scorecard();
        let member = if gold { "tariff.gold" } else { "tariff.basic" };
        let tariff = Value::Member(model.policy.id(member).expect("a member"));
        let all = [
            ("days", Value::Int(days)), ("spend", Value::Double(spend)), ("tariff", tariff),
        ];
        model.know(if known { &all } else { &all[..1] });
        let bin = if days < 30 { 0.7 } else if days < 365 { 0.2 } else { -0.3 };
        let rest = if known { -0.04 * spend + if gold { -0.5 } else { 0.1 } } else { 0.25 + 0.5 };
        let log_odds = -1.0 + bin + rest;
        prop_assert!((model.read("odds").unwrap() - log_odds).abs() < 1e-12);
        let probability = model.read("churn").unwrap();
        prop_assert!(close(probability, 1.0 / (1.0 + (-log_odds).exp()), 1e-14));
    }
}

fn scorecard() -> Subscriber {
    Subscriber::new(&policy(
        "[models.churn]\nkind = 'logistic'\n\
         inputs = { days = 'days', spend = 'spend', tariff = 'tariff' }\n\
         parameters = { intercept = -1 }\n\
         terms.days = { missing = 0, bins = [\n\
           { below = 30, add = 0.7 }, { below = 365, add = 0.2 }, { add = -0.3 }] }\n\
         terms.spend = { missing = 0.25, coefficient = -0.04 }\n\
         terms.tariff = { missing = 0.5, bins = [{ is = 'gold', add = -0.5 }, { add = 0.1 }] }\n\
         outputs.churn = { gives = 'probability', export = true }\n\
         outputs.odds = { gives = 'log_odds', export = true }\n",
        &[
            ("days", "{ type = 'int' }"),
            ("spend", "{ type = 'double' }"),
            ("tariff", "{ type = 'enum', values = ['basic', 'gold'] }"),
        ],
    ))
}

#[test]
fn what_cannot_be_is_missing() {
    let mut model = bgnbd(parameters("mle"), &[13]);
    for (x, t_x, age) in [
        (-1.0, 1.0, 2.0),
        (1.0, -1.0, 2.0),
        (1.0, 3.0, 2.0),
        (1.0, 1.0, f64::INFINITY),
        (f64::INFINITY, 1.0, 2.0),
        // The model counts purchases.
        (0.5, 1.0, 2.0),
        (3.25, 1.0, 2.0),
    ] {
        model.bought(x, t_x, age);
        assert_eq!((model.read("alive"), model.read("weeks_13")), (None, None), "{x} {t_x} {age}");
    }
    model.know(&[("x", Value::Double(1.0)), ("age", Value::Double(2.0))]);
    assert_eq!((model.read("alive"), model.read("weeks_13")), (None, None));
    // A great many purchases, and a long silence: certainly gone.
    model.bought(1e6, 1.0, 1e6);
    assert_eq!((model.read("alive"), model.read("weeks_13")), (Some(0.0), Some(0.0)));
}

#[test]
fn what_is_wrong_with_a_model_is_said() {
    let bgnbd = "[models.m]\nkind = 'bgnbd'\nunit = '7d'\n\
        inputs = { frequency = 'x', recency = 't', age = 'a' }\n\
        parameters = { r = 0.2, alpha = 4.0, a = 0.8, b = 2.4 }\n\
        outputs.alive = { gives = 'alive', export = true }\n";
    let logistic = "[models.m]\nkind = 'logistic'\ninputs = { x = 'x', tariff = 'tariff' }\n\
        parameters = { intercept = 0 }\n\
        terms.x = { missing = 0, coefficient = 1 }\n\
        terms.tariff = { missing = 0, bins = [{ is = 'gold', add = 1 }, { add = 0 }] }\n\
        outputs.p = { gives = 'probability', export = true }\n";
    let expected = "outputs.far = { gives = 'expected', within = '1000w', export = true }\n";
    for (text, old, new, wrong) in [
        (bgnbd, "", "", None),
        (logistic, "", "", None),
        (bgnbd, "'bgnbd'", "'pareto'", Some("is not one of bgnbd, logistic")),
        (bgnbd, "unit = '7d'\n", "", Some("has no `unit`")),
        (bgnbd, "'7d'", "'0s'", Some("longer than nothing")),
        (bgnbd, "recency = 't', ", "", Some("the input `recency` is missing")),
        (bgnbd, "age = 'a'", "age = 'a', sex = 'x'", Some("bgnbd reads no `sex`")),
        (bgnbd, "= 't'", "= 'tariff'", Some("expected a duration, or a number of units")),
        (bgnbd, "= 'x'", "= 'a'", Some("expected a number, found duration")),
        (bgnbd, "= 't'", "= 'alive'", Some("read one another in a circle")),
        (bgnbd, "r = 0.2, ", "", Some("has no `r`")),
        (bgnbd, "r = 0.2", "r = 0", Some("all of them are above 0")),
        (bgnbd, "r = 0.2", "r = 0.2, s = 1", Some("bgnbd has no parameter `s`")),
        (bgnbd, "gives = 'alive'", "gives = 'probability'", Some("is not one of alive, expected")),
        (bgnbd, "gives = 'alive'", "gives = 'expected'", Some("has no `within`")),
        (bgnbd, "gives = 'alive'", "gives = 'alive', within = '1d'", Some("only `expected`")),
        (bgnbd, "outputs.alive", "terms = {}\noutputs.alive", Some("has no `terms`")),
        (bgnbd, "outputs.alive", "outputs.x", Some("declared already")),
        (logistic, "terms.x", "terms.y", Some("no input is called `y`")),
        (logistic, "missing = 0, coefficient = 1", "missing = 0", Some("give either")),
        (logistic, "{ missing = 0, coefficient", "{ coefficient", Some("has no `missing`")),
        (logistic, "bins = [{ is = 'gold', add = 1 }, { add = 0 }]", "bins = []", Some("no bins")),
        (logistic, ", { add = 0 }", "", Some("the last bin is for all other values")),
        (logistic, "'gold'", "'silver'", Some("has no member `silver`")),
        (
            logistic,
            "bins = [{ is = 'gold', add = 1 }, { add = 0 }]",
            "coefficient = 1",
            Some("`tariff` is enum, not a number"),
        ),
        (
            logistic,
            "coefficient = 1",
            "bins = [{ below = 2, add = 1 }, { below = 1, add = 1 }, { add = 0 }]",
            Some("bounds are ascending"),
        ),
    ] {
        let model = text.replacen(old, new, 1);
        let text = policy(
            &model,
            &[
                ("x", "{ type = 'double', export = true }"),
                ("t", "{ type = 'duration', export = true }"),
                ("a", "{ type = 'duration', export = true }"),
                ("tariff", "{ type = 'enum', values = ['basic', 'gold'], export = true }"),
            ],
        );
        complains(&text, wrong);
        if wrong.is_none() && model.contains("bgnbd") {
            complains(&format!("{text}{expected}"), Some("too far ahead for the model's alpha"));
        }
    }
}

fn complains(text: &str, wrong: Option<&str>) {
    let found = match compile(&[Source { name: "p.toml", bytes: text.as_bytes() }], "") {
        Ok(compiled) => compiled.warnings.to_string(),
        Err(diagnostics) => diagnostics.to_string(),
    };
    match wrong {
        // The policy has no offers, which is said too.
        None => assert!(!found.contains("models."), "{found}\n{text}"),
        Some(wrong) => assert!(found.contains(wrong), "{wrong}:\n{found}\n{text}"),
    }
}

#[test]
fn an_answer_that_nobody_reads_is_said() {
    let text = policy(
        "[models.m]\nkind = 'logistic'\ninputs = { x = 'x' }\nparameters = { intercept = 0 }\n\
         terms.x = { missing = 0, coefficient = 1 }\noutputs.p = { gives = 'probability' }\n",
        &[("x", "{ type = 'double' }")],
    );
    complains(&text, Some("nothing reads the model's output `p`"));
}
