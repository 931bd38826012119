//! Limits on guessing, over HTTP.

use crate::support::{Agent, Operator, PASSWORD, Stage, code, outcome};
use protocol::{
    Secret,
    agent::{LookupRequest, LookupResponse, ProofOfWork},
    operator::{Me, SignIn},
    problem::{Problem, ProblemCode},
};
use service::Limits;
use std::time::Duration;

async fn look_up(agent: &Agent, code: &str, proof: Option<ProofOfWork>) -> Result<LookupResponse, Problem> {
    let wanted = LookupRequest { session_code: code.parse().unwrap(), proof_of_work: proof };
    agent.post("lookup", &wanted).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_codes_has_to_wait() {
    let stage = Stage::with_limits(Limits { codes_per_address: 3, ..Limits::default() }).await;
    let olivia = stage.olivia().await;
    let right = olivia.invite().await.session_code.unwrap();
    let agent = Agent::new(&stage.running.url);
    let wrong = if right.digits() == "000000001" { "000000002" } else { "000000001" };
    for _ in 0..3 {
        assert_eq!(code(look_up(&agent, wrong, None).await), ProblemCode::WrongCode);
    }
    let problem = look_up(&agent, right.digits(), None).await.unwrap_err();
    assert_eq!((problem.code, problem.status), (ProblemCode::TooManyAttempts, 429));
    assert!((890..=900).contains(&problem.retry_after_secs.unwrap()));
    stage.clock.advance(Duration::from_secs(901));
    look_up(&agent, right.digits(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_has_leaves_as_much_to_write_as_a_wrong_password() {
    let stage = Stage::new().await;
    let database = rusqlite::Connection::open(stage.database()).unwrap();
    // Each commit of another connection changes it.
    let commits = || database.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0)).unwrap();
    for login in ["olivia", "nobody"] {
        let before = commits();
        let refused = Operator::sign_in_with(&stage.running.url, login, "not this one").await;
        assert_eq!(code(refused.map(|_| ())), ProblemCode::Unauthenticated);
        assert_ne!(commits(), before, "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_everybody_can_still_join_with_a_proof_of_work() {
    let limits = Limits { codes_budget: 1, proof_bits: 8, ..Limits::default() };
    let stage = Stage::with_limits(limits).await;
    let olivia = stage.olivia().await;
    let right = olivia.invite().await.session_code.unwrap();
    let agent = Agent::new(&stage.running.url);
    let wrong = if right.digits() == "000000001" { "000000002" } else { "000000001" };
    assert_eq!(code(look_up(&agent, wrong, None).await), ProblemCode::WrongCode);
    let problem = look_up(&agent, right.digits(), None).await.unwrap_err();
    assert_eq!(problem.code, ProblemCode::ProofOfWorkRequired);
    let proof = crypto::solve(&problem.proof_of_work.unwrap());
    look_up(&agent, right.digits(), Some(proof.clone())).await.unwrap();
    assert_eq!(code(look_up(&agent, right.digits(), Some(proof)).await), ProblemCode::ProofOfWorkRequired);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_passwords_has_to_wait() {
    let limits = Limits { passwords_per_login_and_address: 2, ..Limits::default() };
    let stage = Stage::with_limits(limits).await;
    let client = reqwest::Client::new();
    let sign_in = async |login: &str, password: &str| {
        let body = SignIn { login: login.into(), password: Secret::new(password), code: None };
        let url = format!("{}/operator/v1/sign-in", stage.running.url);
        outcome::<Me>(client.post(url).json(&body).send().await.unwrap()).await
    };
    for _ in 0..2 {
        assert_eq!(code(sign_in("olivia", "wrong").await), ProblemCode::Unauthenticated);
    }
    assert_eq!(code(sign_in("olivia", PASSWORD).await), ProblemCode::TooManyAttempts);
    assert_eq!(code(sign_in("nobody", PASSWORD).await), ProblemCode::Unauthenticated);
    stage.clock.advance(Duration::from_secs(901));
    sign_in("olivia", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_many_passwords_at_once_is_not_a_way_around() {
    let limits = Limits { passwords_per_login_and_address: 3, ..Limits::default() };
    let stage = Stage::with_limits(limits).await;
    let client = reqwest::Client::new();
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..20 {
        let body =
            SignIn { login: "olivia".into(), password: Secret::new(format!("guess {number}")), code: None };
        let request = client.post(format!("{}/operator/v1/sign-in", stage.running.url)).json(&body);
        tries.spawn(async move { code(outcome::<Me>(request.send().await.unwrap()).await) });
    }
    let answers = tries.join_all().await;
    let looked_at = answers.iter().filter(|answer| **answer == ProblemCode::Unauthenticated).count();
    assert_eq!(looked_at, 3);
}
