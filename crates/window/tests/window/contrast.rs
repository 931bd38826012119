//! The theme's colours can be told apart: WCAG 2.2, 1.4.3 (4.5:1 for text) and 1.4.11 (3:1 for controls).

use crate::hands::set_up;
use slint::{Color, ComponentHandle as _};
use window::ui::{AboutWindow, Theme};

fn luminance(color: Color) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.red()) + 0.7152 * linear(color.green()) + 0.0722 * linear(color.blue())
}

fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_controls_stand_out_in_light_and_dark() {
    set_up();
    let window = AboutWindow::new().unwrap();
    for dark in [false, true] {
        let theme = window.global::<Theme>();
        theme.invoke_paint(dark);
        let grounds = [
            ("background", theme.get_background()),
            ("surface", theme.get_surface()),
            ("sunken", theme.get_sunken()),
        ];
        let softs = [
            ("warning", theme.get_warning_text(), theme.get_warning_soft()),
            ("danger", theme.get_danger_text(), theme.get_danger_soft()),
            ("success", theme.get_success_text(), theme.get_success_soft()),
            ("accent", theme.get_accent_text(), theme.get_accent_soft()),
        ];
        let inks = [
            ("text", theme.get_text()),
            ("muted", theme.get_muted()),
            ("accent-text", theme.get_accent_text()),
        ];
        let mut texts = Vec::new();
        for (ground, color) in grounds {
            texts.extend(inks.map(|(ink, over)| (format!("{ink} on {ground}"), over, color)));
        }
        for (name, ink, soft) in softs {
            texts.push((format!("{name} on its own"), ink, soft));
            texts.push((format!("text on {name}"), theme.get_text(), soft));
            texts.push((format!("{name} on background"), ink, theme.get_background()));
        }
        for (name, fill) in [("accent", theme.get_accent()), ("danger", theme.get_danger())] {
            texts.push((format!("on {name}"), theme.get_on_accent(), fill));
        }
        for (name, ink, ground) in texts {
            let found = contrast(ink, ground);
            assert!(found >= 4.5, "dark {dark}: {name} has {found:.2}:1");
        }
        for (name, control) in
            [("edge", theme.get_edge()), ("accent", theme.get_accent()), ("focus", theme.get_focus())]
        {
            for (ground, color) in &grounds[..2] {
                let found = contrast(control, *color);
                assert!(found >= 3.0, "dark {dark}: {name} on {ground} has {found:.2}:1");
            }
        }
    }
}
