//! Man pages and shell completions, made from a program's command line and kept in `installer/manual`.
//!
//! Each program has a test that calls [`check`], so that what is packed is what the program says; the program itself
//! carries nothing of this.

use clap::{Arg, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use roff::{Inline, Roff, bold, italic, roman};
use std::{fs, io, path::Path};

/// The variable that has [`check`] write the files instead of comparing them.
const BLESS: &str = "BLESS_MANUAL";

/// Compares man page and completions with what is in `folder`.
///
/// # Errors
///
/// Names the files that are not as the command line says, and the way to write them.
pub fn check(command: Command, folder: &Path) -> Result<(), String> {
    let name = command.get_name().to_owned();
    let made = files(command).map_err(|error| error.to_string())?;
    if std::env::var_os(BLESS).is_some() {
        let write = |(file, text): &(String, String)| fs::write(folder.join(file), text);
        return made.iter().try_for_each(write).map_err(|error| error.to_string());
    }
    let differs = |(file, text): &&(String, String)| {
        fs::read_to_string(folder.join(file)).map_or(true, |kept| kept.replace("\r\n", "\n") != *text)
    };
    let different: Vec<_> = made.iter().filter(differs).map(|(file, _)| file.as_str()).collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} in {} say something else than {name}'s command line; `{BLESS}=1 cargo test manual` writes them anew",
        different.join(", "),
        folder.display()
    ))
}

/// Name and text of each file.
fn files(mut command: Command) -> io::Result<Vec<(String, String)>> {
    let name = command.get_name().to_owned();
    // The version changes with each release and what is said here does not.
    command = command.version(None::<&str>);
    let mut files = vec![(format!("{name}.1"), page(command.clone())?)];
    command = without_hidden(command);
    for (shell, file) in [
        (Shell::Bash, format!("{name}.bash")),
        (Shell::Zsh, format!("_{name}")),
        (Shell::Fish, format!("{name}.fish")),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut text);
        files.push((file, String::from_utf8_lossy(&text).into_owned()));
    }
    Ok(files)
}

/// Completions would offer hidden commands, which people have no use for.
fn without_hidden(command: Command) -> Command {
    // clap's names live as long as the program, which is a test.
    let name: &'static str = command.get_name().to_owned().leak();
    let mut kept = Command::new(name).disable_help_subcommand(true);
    kept = kept.args(command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned());
    if let Some(about) = command.get_about() {
        kept = kept.about(about.clone());
    }
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    kept.subcommands(visible.map(without_hidden).collect::<Vec<_>>())
}

/// One page with all commands, since people look for one.
fn page(mut command: Command) -> io::Result<String> {
    command.build();
    let manual = Man::new(command.clone()).manual("On-demand Agent");
    let mut text = Vec::new();
    manual.render_title(&mut text)?;
    manual.render_name_section(&mut text)?;
    manual.render_synopsis_section(&mut text)?;
    manual.render_description_section(&mut text)?;
    let mut commands = Roff::new();
    commands.control("SH", ["COMMANDS"]);
    describe(&mut commands, &command);
    commands.to_writer(&mut text)?;
    manual.render_extra_section(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn describe(page: &mut Roff, command: &Command) {
    let visible = |command: &&Command| !command.is_hide_set() && command.get_name() != "help";
    for command in command.get_subcommands().filter(visible) {
        let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
        let arguments: Vec<&Arg> = arguments.filter(|argument| argument.get_id() != "help").collect();
        if !command.has_subcommands() || !arguments.is_empty() {
            let mut heading = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
            for argument in arguments.iter().filter(|argument| argument.is_positional()) {
                heading.push_str(&format!(" {argument}"));
            }
            page.control("SS", [heading.as_str()]);
            page.text(words(command.get_long_about().or(command.get_about())));
            for argument in arguments {
                option(page, argument);
            }
        }
        describe(page, command);
    }
}

fn option(page: &mut Roff, argument: &Arg) {
    page.control("TP", []);
    let mut heading = vec![bold(argument.to_string())];
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        heading.push(roman(format!(" [{}]", defaults.join(", "))));
    }
    page.text(heading);
    let mut help = words(argument.get_long_help().or(argument.get_help()));
    if let Some(variable) = argument.get_env() {
        help.extend([roman(" Also by the variable "), italic(variable.to_string_lossy()), roman(".")]);
    }
    page.text(help);
    let values = argument.get_possible_values();
    let values = values.iter().filter(|value| !value.is_hide_set() && argument.get_action().takes_values());
    for value in values {
        page.control("RS", []);
        page.text([
            bold(value.get_name()),
            roman(": "),
            roman(value.get_help().map_or_else(String::new, ToString::to_string)),
        ]);
        page.control("RE", []);
    }
}

fn words(text: Option<&clap::builder::StyledStr>) -> Vec<Inline> {
    let text = text.map_or_else(String::new, ToString::to_string);
    let text = text.trim();
    vec![roman(if text.ends_with('.') { text.to_owned() } else { format!("{text}.") })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::arg;

    fn program() -> Command {
        let hidden = Command::new("inner").hide(true);
        let run = Command::new("run").about("Run it").arg(arg!(--place <FILE> "Where").required(false));
        Command::new("program").about("Does something").subcommands([run, hidden])
    }

    #[test]
    fn a_page_has_what_people_can_type_and_nothing_else() {
        let files = files(program()).unwrap();
        assert!(files[0].1.contains("program run") && files[0].1.contains("\\-\\-place"), "{}", files[0].1);
        for (file, text) in files {
            assert!(!text.contains("inner"), "{file}");
        }
    }

    #[test]
    fn a_file_that_says_something_else_is_found() {
        let folder = std::env::temp_dir();
        assert!(check(program(), &folder).unwrap_err().contains("program.1"));
    }
}
