//! What the user is told of what the operator is doing.

use anyhow::Result;
use rehearsal::Stage;

/// Waits until the user sees exactly these actions.
pub(crate) fn wait_for_actions(stage: &Stage, actions: &[&str]) -> Result<()> {
    let expected = serde_json::json!(actions);
    stage
        .agent
        .wait_for_status(&format!("the actions {actions:?}"), |status| {
            status["view"]["screen"]["actions"] == expected
        })
        .map(drop)
}
