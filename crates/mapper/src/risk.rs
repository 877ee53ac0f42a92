//! Risk: Defender's `riskScore` as OCSF's `risk_level_id`.

use stocktake_ocsf_model::RiskLevelId;

/// The level of a score, compared without case. `None` and absence are no level at all.
///
/// Documented values are `None`, `Informational`, `Low`, `Medium`, `High`
/// (learn.microsoft.com/defender-endpoint/api/machine); `Critical` is what OCSF knows beyond them.
pub(crate) fn risk_level(score: Option<&str>) -> Option<RiskLevelId> {
    let score = score?.trim();
    let is = |name: &str| score.eq_ignore_ascii_case(name);
    if score.is_empty() || is("None") {
        return None;
    }
    Some(if is("Informational") {
        RiskLevelId::Info
    } else if is("Low") {
        RiskLevelId::Low
    } else if is("Medium") {
        RiskLevelId::Medium
    } else if is("High") {
        RiskLevelId::High
    } else if is("Critical") {
        RiskLevelId::Critical
    } else {
        RiskLevelId::Other
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_score_has_its_level_without_regard_to_case() {
        for (score, expected) in [
            (None, None),
            (Some(""), None),
            (Some("None"), None),
            (Some("none"), None),
            (Some("Informational"), Some(0)),
            (Some("Low"), Some(1)),
            (Some("MEDIUM"), Some(2)),
            (Some("high"), Some(3)),
            (Some("Critical"), Some(4)),
            (Some("Severe"), Some(99)),
        ] {
            assert_eq!(risk_level(score).map(RiskLevelId::id), expected, "{score:?}");
        }
    }
}
