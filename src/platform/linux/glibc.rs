//! What keeps the program running with older versions of glibc than the one it was linked with.

/// √(x² + y²), which drawing asks for.
///
/// glibc 2.35 has it in a second version, which a program that is linked with it or a later one then needs; RHEL 9 has
/// glibc 2.34. All else the program asks for is older.
// SAFETY: name, arguments and result are those of the C library's function, and the program has no other of that name.
#[unsafe(no_mangle)]
extern "C" fn hypotf(x: f32, y: f32) -> f32 {
    libm::hypotf(x, y)
}
