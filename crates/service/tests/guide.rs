//! The guide for administrators: what it tells to type about the service works.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

fn blocks() -> Vec<&'static str> {
    let guide = include_str!("../../../docs/deployment.md");
    let blocks = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.contains("ondemand-service ")).collect()
}

#[test]
fn every_command_in_the_guide_works_as_it_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("password.txt"), "correct horse battery").unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ondemand-service")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let shell = |block: &str| {
        let mut shell = Command::new("sh");
        shell.env("PATH", &path).current_dir(&folder).args(["-eu", "-c", block]);
        shell
    };
    let (serving, others): (Vec<_>, Vec<_>) =
        blocks().into_iter().partition(|block| block.contains("ondemand-service serve"));
    assert!(!serving.is_empty() && !others.is_empty());
    for block in others {
        let output = shell(block).output().unwrap();
        assert!(output.status.success(), "{block}\n{output:?}");
    }
    assert!(fs::read_to_string(folder.path().join("token.txt")).unwrap().len() > 20);
    for block in serving {
        // Any port, as others may use the one in the guide; and nothing between this test and the service.
        let block = format!("exec {}", block.replace(":8470", ":0"));
        let mut service = shell(&block).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(service.stdout.take().unwrap()).read_line(&mut line).unwrap();
        service.kill().unwrap();
        service.wait().unwrap();
        assert!(line.starts_with("listening on "), "{block}: {line}");
    }
}
