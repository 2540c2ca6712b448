//! Policies, good and bad, through the compiler's public face.

use opportune::compile::{Compiled, Diagnostics, Source, compile};
use opportune::{OfferId, Type};

fn compile_text(text: &str, ids: &str) -> Result<Compiled, Diagnostics> {
    compile(&[Source { name: "policy.toml", bytes: text.as_bytes() }], ids)
}

const PREPAID: &str = include_str!("../examples/policies/prepaid.toml");
const PREPAID_IDS: &str = include_str!("../examples/policies/policy.ids");

#[test]
fn the_prepaid_example_compiles() {
    let compiled = match compile_text(PREPAID, PREPAID_IDS) {
        Ok(compiled) => compiled,
        Err(diagnostics) => panic!("{diagnostics}"),
    };
    if std::env::var_os("BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/policy.ids");
        std::fs::write(path, &compiled.ids).unwrap();
    } else {
        assert_eq!(compiled.ids, PREPAID_IDS, "run with BLESS=1 to write policy.ids");
    }
    let policy = compiled.policy;
    assert_eq!(policy.names::<OfferId>().count(), 25);
    assert!((1_300..=2_000).contains(&policy.profile_bytes()), "{}", policy.profile_bytes());
    let roaming = policy.id("roaming").unwrap();
    assert_eq!(policy.feature_type(roaming), Some(Type::Bool));
}
