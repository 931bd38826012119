//! Types and clicks on the display of its environment, without end or once, and prints each time what it holds: for the
//! tests that kill it and that look whether it rests.

use std::{
    io::{Write as _, stdout},
    process::ExitCode,
};

use input::{Display, Injector, Options};

const SHIFT: u32 = 0xffe1;
/// Letters of either case, and two that few keyboards have.
const SYMBOLS: [u32; 5] = [0x61, 0x41, 0x20ac, 0xc9, 0x31];

fn main() -> ExitCode {
    match hold() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn hold() -> Result<(), Box<dyn std::error::Error>> {
    let mut injector = Injector::open(&Display::current(), Options::new(Vec::new()), |held| {
        // Whoever reads is gone only where the test is.
        let line = serde_json::to_string(held).unwrap_or_default();
        let _ = writeln!(stdout(), "{line}").and_then(|()| stdout().flush());
    })?;
    let once = std::env::args().nth(1).is_some_and(|argument| argument == "once");
    loop {
        for symbol in SYMBOLS {
            injector.key(true, SHIFT)?;
            injector.key(true, symbol)?;
            injector.pointer(10, 10, 1)?;
            injector.key(false, SHIFT)?;
            injector.pointer(20, 20, 0)?;
            injector.key(false, symbol)?;
        }
        if once {
            println!("done");
            loop {
                std::thread::park();
            }
        }
    }
}
