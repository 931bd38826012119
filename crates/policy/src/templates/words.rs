//! What the templates say in the languages that they come in.

use crate::schema::Definition;
use protocol::Permission;

/// The words of one language.
pub(super) struct Words {
    /// What this is all about.
    pub(super) about: &'static str,
    pub(super) every_version: &'static str,
    /// The user's own settings can forbid more.
    pub(super) can_be_stricter: &'static str,
    /// The user's own settings do not count.
    pub(super) cannot_be_changed: &'static str,
    /// View, control, reading files, writing files, clipboard, chat, notes.
    permissions: [&'static str; 7],
    /// The names of choices, and their words.
    choices: &'static [(&'static str, &'static str)],
    /// Titles and help by the settings' names; the schema's own where there are none.
    settings: &'static [(&'static str, &'static str, &'static str)],
}

impl Words {
    /// A setting's title and what it is for.
    pub(super) fn of(&self, definition: &Definition) -> (&'static str, &'static str) {
        let found = self.settings.iter().find(|(name, ..)| *name == definition.name);
        found.map_or((definition.title, definition.description), |(_, title, help)| (title, help))
    }

    pub(super) fn choice(&self, name: &str) -> &'static str {
        self.choices.iter().find(|(choice, _)| *choice == name).map_or("", |(_, words)| words)
    }

    pub(super) fn permission(&self, permission: Permission) -> &'static str {
        let [view, control, files_read, files_write, clipboard, chat, messages] = self.permissions;
        match permission {
            Permission::View => view,
            Permission::Control => control,
            Permission::FilesRead => files_read,
            Permission::FilesWrite => files_write,
            Permission::Clipboard => clipboard,
            Permission::Chat => chat,
            Permission::Messages => messages,
        }
    }
}

pub(super) const ENGLISH: Words = Words {
    about: "On-demand Agent lets a support operator see or use this computer when the person at it approves. No setting approves anything.",
    every_version: "Every version of On-demand Agent",
    can_be_stricter: "Where this is not configured, the default holds. The user can be stricter, never laxer.",
    cannot_be_changed: "Where this is configured, what the user sets does not count.",
    permissions: [
        "View the desktop",
        "Use keyboard and mouse",
        "View and copy files",
        "Edit and place files",
        "Share the clipboard",
        "Chat",
        "Show notes",
    ],
    choices: &[
        ("off", "None: no session codes"),
        ("pinned", "Pinned organisations only"),
        ("any", "Every organisation"),
    ],
    settings: &[],
};

pub(super) const GERMAN: Words = Words {
    about: "Mit On-demand Agent kann der Support diesen Computer sehen oder bedienen, wenn die Person davor zustimmt. Keine Einstellung erteilt eine Zustimmung.",
    every_version: "Jede Version von On-demand Agent",
    can_be_stricter: "Ist nichts konfiguriert, gilt der Standard. Der Benutzer kann strenger sein, nie großzügiger.",
    cannot_be_changed: "Ist dies konfiguriert, zählt nicht, was der Benutzer einstellt.",
    permissions: [
        "Bildschirm sehen",
        "Tastatur und Maus bedienen",
        "Dateien ansehen und kopieren",
        "Dateien ändern und ablegen",
        "Zwischenablage teilen",
        "Chat",
        "Hinweise anzeigen",
    ],
    choices: &[
        ("off", "Keine: keine Sitzungscodes"),
        ("pinned", "Nur hinterlegte Organisationen"),
        ("any", "Jede Organisation"),
    ],
    settings: &[
        ("service_url", "Dienst", "Der Dienst, mit dem der Agent spricht."),
        (
            "extra_ca",
            "Zusätzliche Zertifikate",
            "Eine PEM-Datei mit Zertifikaten, denen neben denen des Systems vertraut wird.",
        ),
        (
            "organisation_keys",
            "Hinterlegte Organisationen",
            "Organisationen, deren Schlüssel hinterlegt ist: Die Anfrage darf sie als überprüft bezeichnen. Name: Kennung der Organisation, Wert: öffentlicher Schlüssel.",
        ),
        ("permissions", "Größte Berechtigungen", "Das Äußerste, was erlaubt werden kann."),
        (
            "preselect",
            "Vorausgewählte Berechtigungen",
            "Das Äußerste, was in der Anfrage von Anfang an eingeschaltet ist.",
        ),
        (
            "organisations",
            "Organisationen, denen man beitreten darf",
            "Welche Organisationen einen Sitzungscode ausgeben dürfen; sind es nur hinterlegte, darf keine andere überhaupt anfragen.",
        ),
        ("longest_session_minutes", "Längste Sitzung", "Die längste Sitzung, in Minuten."),
        (
            "whole_home",
            "Der ganze persönliche Ordner kann freigegeben werden",
            "Ob der Benutzer den ganzen persönlichen Ordner freigeben darf, wo Dateien erlaubt werden.",
        ),
        (
            "contact",
            "Ansprechpartner",
            "Wen der Benutzer nach diesem Programm fragen kann; steht im Fenster.",
        ),
        ("number_to_call", "Telefonnummer", "Die Nummer, die gezeigt wird, wenn etwas verdächtig aussieht."),
        (
            "quit",
            "Der Agent kann beendet werden",
            "Ob der Benutzer den Agenten beenden darf. Eine Sitzung zu beenden ist immer möglich.",
        ),
        (
            "portable",
            "Der Agent läuft ohne Installation",
            "Ob ein Agent, der heruntergeladen und nicht installiert wurde, auf diesem Computer laufen darf.",
        ),
        (
            "enrolment_token_file",
            "Datei mit dem Registrierungstoken",
            "Die Datei mit dem Token, das den Agenten jedes Benutzers zu einem Gerät macht, wenn beim Start keine andere genannt ist.",
        ),
        ("language", "Sprache", "Die Sprache der Texte, etwa de."),
        (
            "notifications",
            "Benachrichtigungen",
            "Ob neben Fenster und Symbol auch Benachrichtigungen des Systems gezeigt werden.",
        ),
        ("proxy", "Proxy", "Der Proxy auf dem Weg zum Dienst."),
        (
            "journal_keep_days",
            "Tage des Verlaufs",
            "Wie viele Tage der Verlauf des Benutzers aufbewahrt wird; danach werden ganze Monate gelöscht.",
        ),
        (
            "update_check",
            "Nach neueren Versionen kann gesehen werden",
            "Ob „ondemand-agent update --check“ nach einer neueren Version fragt.",
        ),
        (
            "update_url",
            "Wo nach neueren Versionen gesehen wird",
            "Der Ordner mit update.json, worin die neueste Version steht.",
        ),
    ],
};
