//! The console's own viewer, in a browser on a desktop of the operator's own, against the real agent.

use crate::editor::Editor;
use anyhow::{Result, ensure};
use protocol::Permission;
use rehearsal::{Page, Stage, wait_for};
use std::time::{Duration, Instant};
use virtual_desktop::{Desktop, Options, Point, Rect};

/// The frame around a screen that is viewed.
pub(crate) const FRAME: [u8; 3] = [0xd9, 0x2d, 0x20];

#[test]
fn the_browser_shows_the_screen_exactly_types_into_it_and_says_the_end_at_once() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View, Permission::Control])?;
    let editor = Editor::open(&stage.desktop)?;
    let operators = Desktop::start(Options { size: (1700, 1200), tray_host: false, ..Options::default() })?;
    let mut browser = rehearsal::browser(&operators, &operators.home().join("browser"))?;
    browser.args(["--window-position=0,0", "--window-size=1700,1190"]);
    browser.arg(format!("--app={}/#/sessions/{session}/desktop", stage.service.console_url()));
    operators.spawn(&mut browser)?;
    let page = Page(&operators);
    page.sign_in(stage.service.credentials())?;
    page.click("button", "100 %, original size")?;

    // Exactly what the user has there, as soon as nothing moves.
    let user = stage.desktop.picture()?.size();
    let origin = wait_for("the frame around the user's screen", || corner(&operators, user))?;
    let there = Rect { x: origin.x + editor.rect.x, y: origin.y + editor.rect.y, ..editor.rect };
    let shows_the_editor = || {
        wait_for("the editor in the browser", || {
            let (seen, screen) =
                (operators.picture()?.part(there), stage.desktop.picture()?.part(editor.rect));
            Ok(seen.difference(&screen).is_none().then_some(()))
        })
    };
    shows_the_editor()?;

    // The keyboard, once the user's own hands rest. The pointer stays outside of what is compared.
    let beside = Point { x: there.x + there.width as i32 / 2, y: there.y + there.height as i32 - 5 };
    operators.click(beside)?;
    wait_for("the editor to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|focused| focused.title == "an editor").map(drop))
    })?;
    operators.type_text("Hello from the browser: A & B!\n")?;
    editor.holds("Hello from the browser: A & B!\n")?;
    operators.move_pointer(Point { x: 2, y: 2 })?;
    shows_the_editor()?;

    // The end, as the user chose it.
    stage.click_menu("End Session")?;
    let ended = Instant::now();
    page.find("", "The user ended the session")?;
    let took = ended.elapsed();
    println!("the page said so after {took:?}");
    // To find it in the page's tree takes a part of that.
    ensure!(took < Duration::from_secs(2), "the page says so after {took:?}");
    wait_for("the last picture to go", || Ok(corner(&operators, user)?.is_none().then_some(())))
}

/// Where the upper left corner of the user's screen is in the operator's.
fn corner(operators: &Desktop, (width, _): (u32, u32)) -> Result<Option<Point>> {
    let picture = operators.picture()?;
    let (across, down) = picture.size();
    let points = (0..down as i32).flat_map(|y| (0..across as i32).map(move |x| Point { x, y }));
    let is_corner = |at: &Point| {
        let along = (0..width as i32 / 4).map(|further| Point { x: at.x + further, y: at.y });
        picture.pixel(*at) == FRAME && along.into_iter().all(|point| picture.pixel(point) == FRAME)
    };
    Ok(points.into_iter().find(is_corner))
}
