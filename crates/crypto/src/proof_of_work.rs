//! Proof of work for session codes: makes guessing from many addresses expensive without turning honest users away.

use protocol::agent::{ProofOfWork, ProofOfWorkChallenge};
use ring::digest::{Context, SHA256};

/// Whether `proof` solves a challenge that asked for `zero_bits`.
pub fn solves(proof: &ProofOfWork, zero_bits: u8) -> bool {
    proof.solution.len() <= 32 && leading_zero_bits(&proof.challenge, &proof.solution) >= u32::from(zero_bits)
}

/// Solves `challenge` by trying; takes 2^`zero_bits` hashes on average (20 bits: below a second on one core).
pub fn solve(challenge: &ProofOfWorkChallenge) -> ProofOfWork {
    let solution = (0u64..)
        .map(|number| number.to_string())
        .find(|solution| leading_zero_bits(&challenge.challenge, solution) >= u32::from(challenge.zero_bits))
        .unwrap_or_default();
    ProofOfWork { challenge: challenge.challenge.clone(), solution }
}

fn leading_zero_bits(challenge: &str, solution: &str) -> u32 {
    let mut context = Context::new(&SHA256);
    context.update(challenge.as_bytes());
    context.update(solution.as_bytes());
    let mut bits = 0;
    for byte in context.finish().as_ref() {
        bits += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_solves_its_own_challenge_only() {
        let proof = solve(&ProofOfWorkChallenge { challenge: "one".into(), zero_bits: 12 });
        assert!(solves(&proof, 12));
        assert!(!solves(&ProofOfWork { challenge: "two".into(), ..proof }, 12));
    }
}
