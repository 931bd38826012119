//! What the resident holds of the memory, and what it gives back.

#[cfg(target_env = "gnu")]
use std::{os::unix::process::CommandExt as _, process::Command};

/// Asks the allocator for less: a process whose threads are never in a hurry needs no pool for each of them. May start the
/// program anew, so nothing else may have been done yet.
pub(crate) fn save_memory() {
    #[cfg(target_env = "gnu")]
    keep_nothing_for_threads();
    #[cfg(target_env = "gnu")]
    // SAFETY: `mallopt` takes plain numbers; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 * 1024);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 64 * 1024);
    }
}

/// What a thread has freed, glibc keeps for it and never gives back, together with the pages around it: that grows for
/// hundreds of sessions. It can be told not to before a program starts, and then only.
#[cfg(target_env = "gnu")]
fn keep_nothing_for_threads() {
    const VARIABLE: &str = "GLIBC_TUNABLES";
    const WISH: &str = "glibc.malloc.tcache_count";
    let mut wishes = std::env::var_os(VARIABLE).unwrap_or_default();
    // SAFETY: takes a plain number. From a program with more rights than its user the loader takes the variable away, and it
    // would start anew for ever.
    let privileged = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    if privileged || wishes.to_string_lossy().contains(WISH) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    if !wishes.is_empty() {
        wishes.push(":");
    }
    wishes.push(format!("{WISH}=0"));
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    // Comes back only with an error. Then the agent goes on as it is: it does the same and takes more memory.
    let _ = Command::new(program).arg0(name).args(arguments).env(VARIABLE, wishes).exec();
    // SAFETY: no handler is set. What `exec` put back for the new program would let a broken pipe kill this one.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Lets go of what the start or a session needed and waiting does not: free pages of the heap, and the pages of the
/// program file that are mapped although nothing uses them any more. The kernel keeps those in its cache for as long as it
/// has no better use for the memory, so that what is needed again is mapped again without reading the disk.
pub(crate) fn let_go_of_memory() {
    /// Called with the program itself first; the libraries are shared with others and left alone.
    unsafe extern "C" fn program(
        object: *mut libc::dl_phdr_info,
        _: libc::size_t,
        _: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader passes a valid object, whose headers stay where they are as long as the program runs.
        let (base, headers) = unsafe {
            (
                (*object).dlpi_addr,
                std::slice::from_raw_parts((*object).dlpi_phdr, (*object).dlpi_phnum.into()),
            )
        };
        for header in headers {
            if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
                continue;
            }
            let start = (base + header.p_vaddr) as usize;
            let end = (start + header.p_memsz as usize) / PAGE * PAGE;
            let start = start.next_multiple_of(PAGE);
            // SAFETY: only whole pages of a part that is never written to: they come back from the file as they were.
            unsafe { libc::madvise(start as *mut _, end.saturating_sub(start), libc::MADV_DONTNEED) };
        }
        1
    }
    /// A multiple of the page size of every system this runs on. A part that ends within one keeps a little.
    const PAGE: usize = 64 * 1024;
    // SAFETY: `program` keeps to what the loader asks of it and keeps nothing.
    unsafe { libc::dl_iterate_phdr(Some(program), std::ptr::null_mut()) };
    // SAFETY: only sizes; the allocator takes its own locks.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}
