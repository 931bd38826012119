//! The agent as an administrator deploys it, and a user who is logged on.

use crate::{
    authority::Authority,
    prefix::{PROGRAM, START, Windows, package},
};
use anyhow::{Context, Result};
use protocol::{
    RequestId,
    operator::{DeviceView, RequestState},
};
use rehearsal::{A_MOMENT, Operator, POPUP, Service, ServiceOptions, program, wait_for};
use std::{
    fs,
    process::Child,
    thread,
    time::{Duration, Instant},
};
use virtual_desktop::{Button, Point, Rect, windows::Window};

/// A computer with the installed agent, which is ready, and an operator who may ask.
pub(crate) struct Stage {
    pub(crate) operator: Operator,
    pub(crate) device: DeviceView,
    _service: Service,
    pub(crate) windows: Windows,
}

impl Stage {
    /// Installs the agent and logs a user on.
    pub(crate) fn start() -> Result<(Self, Child)> {
        let windows = Windows::start()?;
        let authority = Authority::start(windows.desktop.folder())?;
        windows.trust(&authority.certificate)?;
        let service = Service::start(
            &program("ondemand-service")?,
            ServiceOptions { tls: Some(authority.service), ..ServiceOptions::default() },
        )?;
        let operator = service.operator()?;
        let set_up = &service.set_up;
        let token = fs::read_to_string(&set_up.enrolment_token_file)?;
        let properties = [
            // Wine compares no addresses with those in a certificate.
            format!("SERVICE_URL={}", service.url().replace("127.0.0.1", "localhost")),
            format!("ENROLMENT_TOKEN={}", token.trim()),
            format!("ORGANISATION_KEY={}={}", set_up.organisation, set_up.public_key),
        ];
        let properties: Vec<&str> = properties.iter().map(String::as_str).collect();
        assert_eq!(windows.msiexec("/i", &package("ONDEMAND_MSI")?, &properties)?, 0);
        let agent = log_on(&windows)?;
        // The first start in a fresh prefix takes longer than any other.
        let device = operator
            .wait_for_device()
            .or_else(|_| operator.wait_for_device())
            .with_context(|| format!("{:?}\n{}", windows.status(), log(&windows)))?;
        let stage = Self { operator, device, _service: service, windows };
        stage.wait_until_ready()?;
        Ok((stage, agent))
    }

    /// What the agent said.
    pub(crate) fn log(&self) -> String {
        log(&self.windows)
    }

    /// Starts the agent as log-on does.
    pub(crate) fn log_on(&self) -> Result<Child> {
        let agent = log_on(&self.windows)?;
        self.wait_until_ready()?;
        Ok(agent)
    }

    fn wait_until_ready(&self) -> Result<()> {
        self.windows.wait_for_status("a device that is ready", |status| status["tray"] == "ready").map(drop)
    }

    /// Where the popup is. Under Wine a window manager first puts it somewhere else.
    fn popup_rect(&self) -> Result<Rect> {
        Ok(self.windows.desktop.wait_for_title(POPUP, START)?.rect)
    }

    /// The popup, once it takes a press: only while it is the active window, as nothing here tells what covers it.
    pub(crate) fn popup(&self) -> Result<Rect> {
        self.popup_brought_by(|popup| self.windows.desktop.click(Point { x: popup.x + 8, y: popup.y + 8 }))
    }

    /// The popup, once it takes a press because of `activate`, which is done again where it came to nothing.
    pub(crate) fn popup_brought_by(
        &self,
        activate: impl Fn(Rect) -> Result<(), virtual_desktop::Error>,
    ) -> Result<Rect> {
        wait_for("a popup that can be approved", || {
            activate(self.popup_rect()?)?;
            let until = Instant::now() + 2 * A_MOMENT;
            while Instant::now() < until {
                if self.approvable() == Some(true) {
                    return self.popup_rect().map(Some);
                }
            }
            Ok(None)
        })
    }

    /// Nothing where there is no popup.
    fn approvable(&self) -> Option<bool> {
        self.windows.status().ok()?["view"]["prompt"]["approvable"].as_bool()
    }

    /// Presses *Approve*. A press does not count just after the popup has moved or become active, and is done again.
    pub(crate) fn approve(&self, request: &RequestId) -> Result<()> {
        let waits = || Ok::<_, anyhow::Error>(self.operator.request(request)?.state == RequestState::Shown);
        wait_for("an approval that counts", || {
            match self.approvable() {
                Some(true) => self.press_approve(self.popup_rect()?)?,
                Some(false) => {
                    self.popup()?;
                    return Ok(None);
                }
                // The popup is gone: what it says is on its way.
                None => {}
            }
            let until = Instant::now() + A_MOMENT;
            while waits()? && Instant::now() < until {
                thread::sleep(Duration::from_millis(50));
            }
            Ok((!waits()?).then_some(()))
        })
    }

    /// *Approve* is, of what has its blue in the popup, the rows with the most of it.
    fn press_approve(&self, popup: Rect) -> Result<()> {
        const BLUE: [u8; 3] = [0x1f, 0x5f, 0xbf];
        let seen = self.windows.desktop.picture()?;
        let columns = |y: i32| -> Vec<i32> {
            (popup.x..popup.x + popup.width as i32).filter(|&x| seen.pixel(Point { x, y }) == BLUE).collect()
        };
        let rows: Vec<(i32, Vec<i32>)> =
            (popup.y..popup.y + popup.height as i32).map(|y| (y, columns(y))).collect();
        let widest = rows.iter().map(|(_, columns)| columns.len()).max().unwrap_or_default();
        let mut button = rows.into_iter().filter(|(_, columns)| columns.len() == widest);
        let (y, columns) = button.next().filter(|_| widest > 0).context("nothing in the popup is blue")?;
        self.windows.desktop.click(Point { x: columns[widest / 2], y: y + 4 })?;
        Ok(())
    }

    pub(crate) fn tray_icon(&self) -> Result<Rect> {
        Ok(self.windows.desktop.tray().legacy_icon_rect("explorer.exe", START)?)
    }

    /// *End Session* is in the middle of the menu, between three entries and a line on either side.
    pub(crate) fn end_from_the_tray_menu(&self) -> Result<()> {
        let desktop = &self.windows.desktop;
        desktop.click_with(Button::Right, self.tray_icon()?.centre())?;
        let is_menu = |window: &Window| {
            // The frame around a screen that is viewed is narrow.
            let is_large = window.rect.width > 100 && window.rect.height > 100;
            window.override_redirect && window.class == "ondemand-agent.exe" && is_large
        };
        let menu = desktop.wait_for_window("the tray icon's menu", START, is_menu)?;
        desktop.click(menu.rect.centre())?;
        Ok(())
    }
}

const LOG: &str = "agent.log";

fn log_on(windows: &Windows) -> Result<Child> {
    windows.spawn(&[PROGRAM, "run", "--background"], &windows.desktop.folder().join(LOG))
}

fn log(windows: &Windows) -> String {
    fs::read_to_string(windows.desktop.folder().join(LOG)).unwrap_or_default()
}
