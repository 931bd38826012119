//! The demo: service, agent and console on the current desktop until Ctrl-C, or, with `--headless FOLDER`, the whole
//! story on a virtual desktop with real clicks, leaving numbered pictures in the folder. `cargo xtask demo` builds what is
//! needed and runs this.

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => live::run(),
        #[cfg(target_os = "linux")]
        [flag, folder] if flag == "--headless" => headless::run(std::path::Path::new(folder)),
        _ => Err(anyhow::anyhow!("usage: demo [--headless FOLDER]; the virtual desktop needs Linux")),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// On the current desktop.
mod live {
    use anyhow::{Context, Result, bail};
    use rehearsal::{Agent, AgentOptions, Service, ServiceOptions, program};
    use std::{
        env,
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        process::{Command, Stdio},
    };

    /// What a program needs to be on the user's desktop.
    const DESKTOP_VARIABLES: [&str; 10] = [
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
        "XDG_CURRENT_DESKTOP",
        "XDG_SESSION_TYPE",
        "XDG_DATA_DIRS",
        "LANG",
        "LC_ALL",
    ];

    pub(crate) fn run() -> Result<()> {
        let on_a_desktop = env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some();
        if cfg!(target_os = "linux") && !on_a_desktop {
            bail!("there is no desktop here; `cargo xtask demo --headless` plays the story on a virtual one");
        }
        let options = ServiceOptions { by_name: true, ..ServiceOptions::default() };
        let service = Service::start(&program("ondemand-service")?, options)?;
        let variables =
            DESKTOP_VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)));
        let options = AgentOptions {
            service_url: service.url(),
            enrolment_token_file: Some(service.set_up.enrolment_token_file.clone()),
            environment: variables.collect(),
            pinned: Some((service.set_up.organisation.to_string(), service.set_up.public_key.clone())),
            ..AgentOptions::default()
        };
        let agent = Agent::start(&program("ondemand-agent")?, options)?;
        let operator = service.operator()?;
        operator.wait_for_device().with_context(|| agent.log())?;
        let (login, password) = service.credentials();
        println!("Console: {}   sign-in name: {login}   password: {password}", service.console_url());
        open_signed_in(&service.console_url(), operator.cookie())?;
        println!("The agent is in the tray. Ask to connect in the console, and decide in the popup.");
        println!("Ctrl-C ends everything and leaves nothing behind.");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(tokio::signal::ctrl_c())?;
        drop((agent, service));
        println!("\nAll is over.");
        Ok(())
    }

    /// Opens the console with the operator's cookie. Cookies do not know ports, so an address beside the service's hands it
    /// over: once, under a path that nobody can guess, and only to this computer.
    fn open_signed_in(console: &str, cookie: &str) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        // They know names, though: the one that hands over has to be called as the console is.
        let port = listener.local_addr()?.port();
        let path = tempfile::Builder::new().rand_bytes(32).tempdir()?;
        let name = path.path().file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let address = format!("http://localhost:{port}/{name}");
        let opener = if cfg!(target_os = "macos") {
            "open"
        } else if cfg!(windows) {
            "explorer"
        } else {
            "xdg-open"
        };
        let opened = Command::new(opener).arg(&address).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        if opened.is_err() {
            println!("No browser could be opened; open {console} yourself.");
            return Ok(());
        }
        let (console, cookie) = (console.to_owned(), cookie.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = String::new();
                let _ = BufReader::new(&stream).read_line(&mut line);
                if line.starts_with(&format!("GET /{name} ")) {
                    let answer = format!(
                        "HTTP/1.1 302 Found\r\nSet-Cookie: {cookie}; Path=/; HttpOnly; SameSite=Strict\r\n\
                         Location: {console}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    );
                    let _ = (&stream).write_all(answer.as_bytes());
                    return;
                }
            }
        });
        Ok(())
    }
}

/// On a virtual desktop.
#[cfg(target_os = "linux")]
mod headless {
    use anyhow::Result;
    use rehearsal::{AgentOptions, DEADLINE, POPUP, Page, Service, ServiceOptions, Stage, program, wait_for};
    use std::{fs, path::Path, time::Duration};
    use virtual_desktop::{Desktop, Key, Options, accessibility::Element};

    pub(crate) fn run(folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let desktop = Desktop::start(Options { size: (1600, 1000), ..Options::default() })?;
        let by_name = ServiceOptions { by_name: true, ..ServiceOptions::default() };
        let service = Service::start(&program("ondemand-service")?, by_name)?;
        let options = AgentOptions { arguments: vec!["--background".into()], ..AgentOptions::default() };
        let mut show = Show { stage: Stage::with_device(desktop, service, options)?, folder, pictures: 0 };
        show.open_console()?;
        show.sign_in()?;
        show.approve()?;
        show.view()?;
        show.chat()?;
        show.end_from_the_tray()?;
        show.reject()?;
        show.invite()?;
        println!("{} pictures in {}", show.pictures, folder.display());
        Ok(())
    }

    struct Show<'a> {
        stage: Stage,
        folder: &'a Path,
        pictures: u32,
    }

    impl Show<'_> {
        fn open_console(&mut self) -> Result<()> {
            let profile = self.stage.desktop.home().join("browser");
            let mut browser = rehearsal::browser(&self.stage.desktop, &profile)?;
            browser.args(["--window-position=0,0", "--window-size=1080,960"]);
            browser.arg(format!("--app={}", self.stage.service.console_url()));
            self.stage.desktop.spawn(&mut browser)?;
            self.find("entry", "Sign-in name")?;
            self.find("button", "Use a passkey")?;
            self.picture("console-sign-in")
        }

        fn sign_in(&mut self) -> Result<()> {
            self.page().sign_in(self.stage.service.credentials())?;
            self.find("button", "Ask to connect to")?;
            self.picture("console-overview")
        }

        fn approve(&mut self) -> Result<()> {
            self.ask(&["View the desktop", "Use keyboard and mouse", "Chat"])?;
            self.stage.popup()?;
            self.stage.wait_until_approvable()?;
            self.picture("request-popup")?;
            self.stage.click("Approve")?;
            self.stage.wait_for_screen("session")?;
            self.stage.wait_until_gone(POPUP)?;
            Ok(())
        }

        fn chat(&mut self) -> Result<()> {
            self.page().click_into("entry", "Message")?;
            self.stage.desktop.type_text("Good morning, may I look at the printer settings?")?;
            self.stage.desktop.press(Key::Enter)?;
            // A left click on the tray icon opens the session window.
            let icon = self.stage.tray_icon()?;
            self.stage.desktop.tray().click(&icon, virtual_desktop::Button::Left, DEADLINE)?;
            self.stage.desktop.wait_for_title(rehearsal::WINDOW, DEADLINE)?;
            self.find("", "Good morning")?;
            self.picture("session")
        }

        fn view(&mut self) -> Result<()> {
            // It opens by itself for whoever asked here.
            self.find("button", "Close the viewer")?;
            self.stage.agent.wait_for_status("somebody who views", |status| {
                status["view"]["screen"]["actions"].as_array().is_some_and(|actions| !actions.is_empty())
            })?;
            self.picture("desktop")?;
            self.click("button", "Close the viewer")
        }

        fn end_from_the_tray(&mut self) -> Result<()> {
            let icon = self.stage.tray_icon()?;
            self.stage.desktop.tray().open_menu(&icon, DEADLINE)?;
            self.picture("tray-menu")?;
            self.stage.desktop.press(Key::Escape)?;
            self.stage.click_menu("End Session")?;
            self.stage.wait_for_access(false)?;
            self.stage.wait_for_screen("ended")?;
            self.find("", "The user ended the session")?;
            self.picture("ended")
        }

        fn reject(&mut self) -> Result<()> {
            self.click("link", "Overview")?;
            self.ask(&["View the desktop"])?;
            self.stage.popup()?;
            self.stage.click("Reject")?;
            if self.stage.desktop.accessibility().find("button", "Not now")?.is_some()
                || self.stage.desktop.accessibility().find("push button", "Not now")?.is_some()
            {
                self.picture("reject-reasons")?;
                self.stage.click("Not now")?;
            }
            self.find("", "Declined")?;
            self.stage.wait_until_gone(POPUP)?;
            self.picture("declined")
        }

        fn invite(&mut self) -> Result<()> {
            self.stage.desktop.press(Key::Escape)?;
            self.click("button", "Create invitation")?;
            self.find("button", "Copy code")?;
            self.picture("invitation")
        }

        /// The operator asks the device, in the console.
        fn ask(&mut self, permissions: &[&str]) -> Result<()> {
            self.click("button", "Ask to connect to")?;
            self.find("button", "Send request")?;
            for name in [
                "View the desktop",
                "Use keyboard and mouse",
                "View and copy files",
                "Edit and place files",
                "Share the clipboard",
                "Chat",
                "Show notes",
            ] {
                let Ok(switch) = self.find("check", name) else { continue };
                let on = switch.is(virtual_desktop::accessibility::State::Checked)?;
                if on != permissions.contains(&name) {
                    self.stage.desktop.click(switch.rect()?.centre())?;
                }
            }
            self.picture("console-request")?;
            self.click("button", "Send request")
        }

        fn page(&self) -> Page<'_> {
            Page(&self.stage.desktop)
        }

        fn click(&self, role: &str, name: &str) -> Result<()> {
            self.failed_picture(self.page().click(role, name))
        }

        fn find(&self, role: &str, name: &str) -> Result<Element> {
            self.failed_picture(self.page().find(role, name))
        }

        fn failed_picture<T>(&self, result: Result<T>) -> Result<T> {
            result.inspect_err(|_| drop(self.stage.desktop.screenshot(&self.folder.join("failed.png"))))
        }

        fn picture(&mut self, name: &str) -> Result<()> {
            // Two pictures in a row that are the same: everything that was on its way is painted.
            let mut last = self.stage.desktop.picture()?;
            let _ = wait_for("a still picture", || {
                std::thread::sleep(Duration::from_millis(200));
                let now = self.stage.desktop.picture()?;
                let still = now.difference(&last).is_none_or(|change| change.width * change.height < 40_000);
                last = now;
                Ok(still.then_some(()))
            });
            self.pictures += 1;
            let path = self.folder.join(format!("{:02}-{name}.png", self.pictures));
            last.save(&path)?;
            println!("{}", path.display());
            Ok(())
        }
    }
}
