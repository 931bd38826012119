//! What is forgotten is wiped: no memory that is given back still holds a secret.

use protocol::{Secret, SessionCode};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

const TOKEN: &str = "a token that nothing else here is made of";
const CODE: &str = "918273645";

/// Looks at texts when they are given back.
struct Watching;

/// How many of them still held the token or the code.
static UNWIPED: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Watching = Watching;

// SAFETY: everything is done by the system's allocator; what grows is moved by the default, through these two.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // What needs no alignment is bytes without gaps, and all of them were zeroed at first.
        if layout.align() == 1 {
            // SAFETY: the block is the caller's until it is given back, and has this size.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            if holds(TOKEN) || holds(CODE) {
                UNWIPED.fetch_add(1, Ordering::Relaxed);
            }
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

fn unwiped(what: impl FnOnce()) -> usize {
    let before = UNWIPED.load(Ordering::Relaxed);
    what();
    UNWIPED.load(Ordering::Relaxed) - before
}

#[test]
fn a_token_or_code_that_is_dropped_is_in_no_memory() {
    assert_eq!(unwiped(|| drop(TOKEN.to_owned())), 1, "a text that is no secret stays");
    let kept = |secret: Secret| drop((secret.clone(), secret));
    assert_eq!(unwiped(|| kept(Secret::new(TOKEN))), 0);
    let json = r#""a token that nothing else here is made of""#;
    assert_eq!(unwiped(|| kept(serde_json::from_str(json).unwrap())), 0);
    let kept = |code: SessionCode| drop((code.clone(), code));
    for typed in [CODE, "918-273-645", "9182736450", "918273645x"] {
        assert_eq!(unwiped(|| _ = typed.parse().map(kept)), 0, "{typed}");
    }
    assert_eq!(unwiped(|| kept(serde_json::from_str(r#""918273645""#).unwrap())), 0);
}
