//! Windows as Wine has it, in a folder of its own, on a virtual desktop.

use anyhow::{Context, Result, bail};
use rehearsal::wait_for;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};
use virtual_desktop::{Desktop, NotificationDaemon, Options};

/// Where Debian keeps Wine's libraries for Windows programs.
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows";
/// Where the installer puts the program.
pub(crate) const PROGRAM: &str = r"C:\Program Files\On-demand Agent\ondemand-agent.exe";

/// A desktop with a fresh Windows on it. Everything in it ends with the desktop.
pub(crate) struct Windows {
    pub(crate) desktop: Desktop,
}

impl Windows {
    pub(crate) fn start() -> Result<Self> {
        let options = Options { notifications: NotificationDaemon::None, ..Options::default() };
        let windows = Self { desktop: Desktop::start(options)? };
        windows.done("wineboot", &["--init"])?;
        windows.done("wineserver", &["--wait"])?;
        let system = windows.drive().join("windows/system32");
        let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
        compiler.args(["-shared", "-O2", "-s", "-o"]).arg(system.join("bcryptprimitives.dll"));
        compiler
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wine/bcryptprimitives.c"))
            .arg("-ladvapi32");
        if !compiler.status().context("failed to start the C compiler for Windows")?.success() {
            bail!("the stand-in for a missing library does not compile");
        }
        let shell =
            fs::read(Path::new(LIBRARIES).join("shell32.dll")).context("failed to read Wine's shell")?;
        fs::write(system.join("shell32.dll"), shell_that_knows_its_icons(shell)?)?;
        // The virtual display says that it shows no picture a second, by which the toolkit would divide.
        for name in ["UseXRandR", "UseXVidMode"] {
            let driver = r"HKCU\Software\Wine\X11 Driver";
            windows.done("wine", &["reg", "add", driver, "/v", name, "/d", "N", "/f"])?;
        }
        windows.done("wineserver", &["--wait"])?;
        Ok(windows)
    }

    /// The folder that Windows programs see as `C:\`.
    pub(crate) fn drive(&self) -> PathBuf {
        self.prefix().join("drive_c")
    }

    /// The user's folder for downloads.
    pub(crate) fn downloads(&self) -> Result<PathBuf> {
        let users = fs::read_dir(self.drive().join("users"))?;
        let mut folders = users.filter_map(|user| Some(user.ok()?.path().join("Downloads")));
        folders.find(|folder| folder.is_dir()).context("no user has a folder for downloads")
    }

    fn prefix(&self) -> PathBuf {
        self.desktop.folder().join("wine")
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.desktop.command("timeout");
        command.args(["--kill-after=5", "120", program]).args(arguments);
        command.env("WINEPREFIX", self.prefix()).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
        command.env("WINEDLLOVERRIDES", "shell32=n,b;mscoree,mshtml=");
        command
    }

    /// Runs a Windows program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command("wine", arguments).output()?)
    }

    fn done(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = self.command(program, arguments).output()?;
        if !output.status.success() {
            bail!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Starts a Windows program, whose output goes to `log`.
    pub(crate) fn spawn(&self, arguments: &[&str], log: &Path) -> Result<Child> {
        let mut command = self.command("wine", arguments);
        let log = fs::File::options().create(true).append(true).open(log)?;
        command.stdout(log.try_clone()?).stderr(log);
        Ok(self.desktop.spawn(&mut command)?)
    }

    /// Ends the log-in session as the Start menu does: windows are asked, and then told. Wine begins another one, whose
    /// programs would keep a pipe open that somebody reads to its end.
    pub(crate) fn log_off(&self) -> Result<()> {
        let mut command = self.command("wineboot", &["--end-session"]);
        if !command.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
            bail!("the log-in session could not be ended");
        }
        Ok(())
    }

    /// Runs the installer silently; the exit code, as far as it fits into a byte.
    pub(crate) fn msiexec(&self, what: &str, package: &Path, properties: &[&str]) -> Result<i32> {
        let package = in_windows(package);
        let mut arguments = vec!["msiexec", what, package.as_str(), "/qn"];
        arguments.extend(properties);
        let output = self.run(&arguments)?;
        output.status.code().context("the installer was killed")
    }

    /// A value of the registry, if it is there.
    pub(crate) fn registry(&self, key: &str, name: &str) -> Result<Option<String>> {
        let output = self.run(&["reg", "query", key, "/v", name])?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        // Name, kind and value stand four blanks apart.
        Ok(line.and_then(|line| line.trim().splitn(3, "    ").nth(2).map(|value| value.trim().to_owned())))
    }

    /// Every file, and every key and value of the machine's registry that is not Windows Installer's own.
    pub(crate) fn everything(&self) -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        list(&self.drive(), &mut all)?;
        let file = self.desktop.folder().join("registry");
        for root in [r"HKLM\Software", r"HKLM\System\CurrentControlSet\Services"] {
            self.done("wine", &["reg", "export", root, &in_windows(&file), "/y"])?;
            let units: Vec<u16> =
                fs::read(&file)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            let text = String::from_utf16_lossy(&units);
            let mut key = String::new();
            for line in text.lines() {
                match line.strip_prefix('[') {
                    Some(name) => key = name.trim_end_matches(']').to_owned(),
                    None if line.contains('=') => drop(all.insert(format!("{key}: {line}"))),
                    None => {}
                }
            }
        }
        all.retain(|entry| !entry.contains("windows/Installer") && !entry.contains(r"\Installer\"));
        Ok(all)
    }

    /// Lets Windows trust a certificate, as an administrator deploys one.
    pub(crate) fn trust(&self, certificate: &[u8]) -> Result<()> {
        let file = self.desktop.folder().join("certificate.der");
        fs::write(&file, certificate)?;
        let sum = Command::new("sha1sum").arg(&file).output()?;
        let name = String::from_utf8(sum.stdout)?.get(..40).context("sha1sum printed no sum")?.to_uppercase();
        // The one property of the certificate (32) is itself.
        let words = [32, 1, certificate.len() as u32];
        let blob: Vec<u8> =
            words.into_iter().flat_map(u32::to_le_bytes).chain(certificate.iter().copied()).collect();
        let blob: Vec<String> = blob.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!(r"HKLM\Software\Microsoft\SystemCertificates\Root\Certificates\{name}");
        self.done("wine", &["reg", "add", &key, "/v", "Blob", "/t", "REG_BINARY", "/d", &blob.concat(), "/f"])
    }

    /// What `status --json` says.
    pub(crate) fn status(&self) -> Result<serde_json::Value> {
        let output = self.run(&[PROGRAM, "status", "--json"])?;
        serde_json::from_slice(&output.stdout).context("no status")
    }

    /// Waits until the status fits.
    pub(crate) fn wait_for_status(
        &self,
        what: &str,
        fits: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<serde_json::Value> {
        let waited = wait_for(what, || Ok(self.status().ok().filter(&fits)));
        waited.with_context(|| format!("{:?}", self.status()))
    }
}

/// A path of this system as Windows programs name it.
pub(crate) fn in_windows(path: &Path) -> String {
    format!("Z:{}", path.display().to_string().replace('/', r"\"))
}

fn list(folder: &Path, all: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        all.insert(entry.path().display().to_string());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), all)?;
        }
    }
    Ok(())
}

/// Wine's shell does not say where a tray icon is (`Shell_NotifyIconGetRect` is a stub), and the tray library drops clicks
/// on an icon that is nowhere. This copy says that all of them are in the corner, and does not look like Wine's own, which
/// would be preferred.
fn shell_that_knows_its_icons(mut library: Vec<u8>) -> Result<Vec<u8>> {
    // rect->left = rect->top = 0; rect->right = rect->bottom = 24; return S_OK; `rect` is the second argument, in rdx.
    const CODE: [u8; 24] = [
        0x48, 0xc7, 0x02, 0, 0, 0, 0, 0xc7, 0x42, 0x08, 24, 0, 0, 0, 0xc7, 0x42, 0x0c, 24, 0, 0, 0, 0x31,
        0xc0, 0xc3,
    ];
    let function =
        exported(&library, b"Shell_NotifyIconGetRect").context("Wine's shell is of another make")?;
    library
        .get_mut(function..function + CODE.len())
        .context("the function is cut off")?
        .copy_from_slice(&CODE);
    let mark = b"Wine builtin DLL";
    if library.get(0x40..0x50) == Some(mark) {
        library[0x40..0x50].fill(0);
    }
    Ok(library)
}

/// Where in a library's file an exported function begins.
fn exported(file: &[u8], wanted: &[u8]) -> Option<usize> {
    let half = |at: usize| Some(usize::from(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?)));
    let word = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?) as usize);
    let header = word(0x3c)?;
    let sections = header + 24 + half(header + 20)?;
    let in_file = |address: usize| {
        (0..half(header + 6)?).find_map(|number| {
            let section = sections + 40 * number;
            let (start, size, raw) = (word(section + 12)?, word(section + 16)?, word(section + 20)?);
            (start..start + size).contains(&address).then(|| address - start + raw)
        })
    };
    let exports = in_file(word(header + 24 + 112)?)?;
    let (functions, names, ordinals) =
        (in_file(word(exports + 28)?)?, in_file(word(exports + 32)?)?, in_file(word(exports + 36)?)?);
    (0..word(exports + 24)?).find_map(|number| {
        let name = in_file(word(names + 4 * number)?)?;
        let found =
            file.get(name..name + wanted.len())? == wanted && file.get(name + wanted.len()) == Some(&0);
        if found { in_file(word(functions + 4 * half(ordinals + 2 * number)?)?) } else { None }
    })
}

/// An installer that the tests were given.
pub(crate) fn package(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).with_context(|| format!("{variable} names no installer"))?;
    Ok(PathBuf::from(path))
}

/// Long enough for a program to start in Wine on a busy machine.
pub(crate) const START: Duration = Duration::from_secs(60);
