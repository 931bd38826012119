//! Listing and reading.

use super::stage::{READ, Stage, WRITE};
use files::{Folder, May, Rules};
use std::{fs, path::Path, sync::Arc};

#[tokio::test]
async fn files_and_folders_are_listed_with_addresses_that_work() {
    let stage = Stage::new(READ);
    stage.file("50 % für é.txt", "x");
    stage.file("sub/inner", "y");
    let list = stage.list("/").await;
    assert_eq!(list.status, 207);
    assert!(
        list.text().contains("<D:href>/files/50%20%25%20f%C3%BCr%20%C3%A9.txt</D:href>"),
        "{}",
        list.text()
    );
    assert!(list.text().contains("<D:href>/files/sub/</D:href>"));
    assert_eq!(stage.get("/50%20%25%20f%C3%BCr%20%C3%A9.txt").await.text(), "x");
    assert_eq!(stage.listed("/sub/").await, ["inner"]);
}

#[tokio::test]
async fn a_folder_with_thousands_of_files_is_listed_whole() {
    let stage = Stage::new(READ);
    for number in 0..3000 {
        stage.file(&format!("{number:04}"), "");
    }
    let listed = stage.listed("/").await;
    assert_eq!((listed.len(), listed[2999].as_str()), (3000, "2999"));
}

#[tokio::test]
async fn a_whole_file_and_parts_of_it_can_be_read() {
    let stage = Stage::new(READ);
    let content: String = (0..200_000).map(|number| format!("{number},")).collect();
    stage.file("numbers", &content);
    let answer = stage.get("/numbers").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, content.clone()));

    let part = stage.ask("GET", "/numbers", &[("range", "bytes=700000-700099")], "").await;
    assert_eq!((part.status.as_u16(), part.text().as_str()), (206, &content[700_000..700_100]));
    assert_eq!(part.header("content-range"), format!("bytes 700000-700099/{}", content.len()));
    let last = stage.ask("GET", "/numbers", &[("range", "bytes=-5")], "").await;
    assert_eq!(last.text(), &content[content.len() - 5..]);
    let beyond = stage.ask("GET", "/numbers", &[("range", "bytes=99999999-")], "").await;
    assert_eq!(beyond.status, 416);
}

#[tokio::test]
async fn many_ranges_at_once_are_answered_with_the_file() {
    let stage = Stage::new(READ);
    stage.file("a", "abc");
    let answer = stage.ask("GET", "/a", &[("range", "bytes=0-1,0-1,0-1,0-2")], "").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "abc"));
}

#[tokio::test]
async fn an_etag_changes_with_the_file() {
    let stage = Stage::new(READ);
    stage.file("a", "one");
    let etag = stage.get("/a").await.header("etag").to_owned();
    let same = stage.ask("GET", "/a", &[("if-none-match", &etag)], "").await;
    assert_eq!(same.status, 304);
    let resumed = stage.ask("GET", "/a", &[("if-range", &etag), ("range", "bytes=1-")], "").await;
    assert_eq!(resumed.text(), "ne");
    stage.file("new", "two");
    fs::rename(stage.root.join("new"), stage.root.join("a")).unwrap();
    let changed = stage.ask("GET", "/a", &[("if-range", &etag), ("range", "bytes=1-")], "").await;
    assert_eq!((changed.status.as_u16(), changed.text().as_str()), (200, "two"));
}

#[tokio::test]
async fn no_browser_shows_or_keeps_what_it_gets() {
    let stage = Stage::new(READ);
    stage.file("page\u{e9}.html", "<script>alert(1)</script>");
    for (method, path) in [("GET", "/page%C3%A9.html"), ("HEAD", "/page%C3%A9.html")] {
        let answer = stage.ask(method, path, &[], "").await;
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("content-disposition"), "attachment; filename*=UTF-8''page%C3%A9%2Ehtml");
        assert_eq!(answer.header("content-length"), "25");
    }
    for path in ["/page%C3%A9.html", "/nothing", "/"] {
        let answer = stage.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_folder_is_no_page() {
    let stage = Stage::new(READ);
    stage.file("sub/index.html", "<h1>");
    let answer = stage.get("/sub/").await;
    assert_eq!(answer.status, 405);
    assert!(!answer.text().contains("index"));
}

#[tokio::test]
async fn hidden_files_are_neither_listed_nor_reached() {
    let stage = Stage::new(WRITE);
    stage.file(".secret", "s");
    stage.file(".config/file", "s");
    stage.file("seen", "");
    assert_eq!(stage.listed("/").await, ["seen"]);
    for path in ["/.secret", "/.config/", "/.config/file", "/%2esecret"] {
        assert_eq!(stage.get(path).await.status, 404, "{path}");
        assert_eq!(stage.ask("PROPFIND", path, &[("depth", "0")], "").await.status, 404, "{path}");
    }
    for path in ["/.new", "/.config/new", "/.secret"] {
        let answer = stage.put(path, "x").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "hidden"), "{path}");
    }
    assert_eq!(stage.ask("MKCOL", "/.dir", &[], "").await.code(), "hidden");
    assert_eq!(stage.take("MOVE", "/seen", "/files/.seen").await.code(), "hidden");
    assert_eq!(stage.take("COPY", "/seen", "/files/.config/seen").await.status, 409);
    assert_eq!(stage.take("MOVE", "/.secret", "/files/secret").await.status, 404);
    assert_eq!(stage.ask("DELETE", "/.config/file", &[], "").await.status, 404);
    assert_eq!(stage.names(), [".config", ".secret", "seen"]);
}

#[tokio::test]
async fn excluded_places_are_out_of_reach_also_before_they_exist() {
    let stage = Stage::with(WRITE, |root| {
        vec![root.join("apps/agent"), root.join("apps/Autostart"), root.join("keys")]
    });
    stage.file("apps/agent/token", "t");
    stage.file("apps/other", "o");
    stage.file("keys", "k");
    assert_eq!(stage.listed("/").await, ["apps"]);
    assert_eq!(stage.listed("/apps/").await, ["other"]);
    for path in ["/apps/agent/token", "/apps/AGENT/token", "/keys", "/apps/agent/"] {
        assert_eq!(stage.get(path).await.status, 404, "{path}");
    }
    for path in ["/apps/agent/token", "/keys", "/Keys", "/apps/agent/new"] {
        assert_eq!(stage.put(path, "x").await.code(), "excluded", "{path}");
    }
    for path in ["/apps/Autostart", "/apps/autostart"] {
        assert_eq!(stage.ask("MKCOL", path, &[], "").await.code(), "excluded", "{path}");
        assert_eq!(stage.take("MOVE", "/apps/other", &format!("/files{path}")).await.code(), "excluded");
    }
    assert_eq!(stage.take("MOVE", "/apps", "/files/moved").await.code(), "holds_excluded");
    assert_eq!(stage.ask("DELETE", "/apps", &[], "").await.code(), "holds_excluded");
    assert_eq!(stage.take("COPY", "/apps", "/files/copied").await.status, 201);
    assert_eq!(stage.listed("/copied/").await, ["other"], "nor is it copied");
    assert_eq!(stage.names(), ["apps", "copied", "keys"]);
}

#[tokio::test]
async fn no_excluded_place_comes_to_be_with_what_is_moved_there() {
    let stage = Stage::with(WRITE, |root| vec![root.join("apps/Autostart")]);
    stage.file("made/Autostart/program", "");
    for to in ["/files/apps", "/files/APPS"] {
        assert_eq!(stage.take("MOVE", "/made", to).await.code(), "holds_excluded", "{to}");
    }
    stage.take("COPY", "/made", "/files/apps").await;
    assert!(!stage.root.join("apps/Autostart").exists());
    assert_eq!(stage.take("MOVE", "/made", "/files/other").await.status, 201);
}

#[tokio::test]
async fn an_excluded_place_stays_so_under_any_name() {
    let stage = Stage::with(WRITE, |root| vec![root.join("../link")]);
    stage.file("data/token", "t");
    stage.file("data/deep/token", "t");
    std::os::unix::fs::symlink(stage.root.join("data"), stage.home.path().join("link")).unwrap();
    assert_eq!(stage.listed("/").await, [""; 0]);
    assert_eq!(stage.get("/data/deep/token").await.status, 404);
}

#[test]
fn a_folder_in_an_excluded_place_is_not_opened() {
    let home = tempfile::tempdir().unwrap();
    let inner = home.path().join("data/inner");
    fs::create_dir_all(&inner).unwrap();
    let rules = || Rules { excluded: vec![home.path().join("data")], ..Rules::default() };
    assert!(matches!(Folder::open(&inner, rules()), Err(files::Error::Excluded(_))));
    assert!(matches!(Folder::open(&home.path().join("data"), rules()), Err(files::Error::Excluded(_))));
    assert!(Folder::open(home.path(), rules()).is_ok());
    assert!(matches!(Folder::open(&home.path().join("none"), rules()), Err(files::Error::Open { .. })));
}

#[tokio::test]
async fn other_file_systems_in_the_folder_are_not_entered() {
    // Every Linux has one there.
    let folder = Folder::open(Path::new("/"), Rules::default()).unwrap();
    let stage = Stage { folder: Arc::new(folder), ..Stage::new(READ) };
    assert!(stage.listed("/").await.iter().all(|name| name != "proc"));
    for path in ["/proc", "/proc/", "/proc/version", "/dev/null"] {
        assert_eq!(stage.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    let stage = Stage::new(READ);
    stage.file("a", "a");
    stage.file("d/b", "b");
    let changes = ["PUT", "MKCOL", "DELETE", "PROPPATCH", "LOCK", "UNLOCK", "MOVE", "COPY", "PATCH"];
    for method in changes {
        for path in ["/a", "/new", "/d/"] {
            let answer = stage.ask(method, path, &[("destination", "/files/b")], "").await;
            let expected = if method == "PATCH" { "not_offered" } else { "not_granted" };
            assert_eq!(answer.code(), expected, "{method} {path}");
        }
    }
    assert_eq!((stage.names(), stage.read("a")), (vec!["a".to_owned(), "d".to_owned()], "a".to_owned()));
    let options = stage.ask("OPTIONS", "/a", &[], "").await;
    assert_eq!(options.status, 200);
    for method in changes {
        assert!(!options.header("allow").contains(method), "{}", options.header("allow"));
    }
    assert_eq!(stage.told(), [], "and nothing is said to have happened");
}

#[tokio::test]
async fn who_may_only_write_sees_nothing() {
    let stage = Stage::new(May { read: false, write: true });
    stage.file("a", "a");
    for method in ["GET", "HEAD", "PROPFIND"] {
        assert_eq!(stage.ask(method, "/a", &[], "").await.status, 403, "{method}");
    }
    assert_eq!(stage.put("/b", "b").await.status, 201);
}

#[tokio::test]
async fn how_much_space_there_is_can_be_asked() {
    let stage = Stage::new(READ);
    let body = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:quota-available-bytes/></D:prop></D:propfind>"#;
    let answer = stage.ask("PROPFIND", "/", &[("depth", "0")], body).await;
    let text = answer.text();
    let value = text.split("<D:quota-available-bytes>").nth(1).unwrap().split('<').next().unwrap();
    assert!(value.parse::<u64>().unwrap() > 1_000_000);
}

#[tokio::test]
async fn dates_that_have_no_name_are_left_out() {
    let stage = Stage::new(READ);
    let early = std::time::UNIX_EPOCH - std::time::Duration::from_secs(1);
    let late = std::time::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_800);
    stage.file("beside", "");
    for (name, date) in [("early", early), ("late", late)] {
        let path = stage.file(name, "abc");
        std::fs::File::options().write(true).open(path).unwrap().set_modified(date).unwrap();
        assert_eq!(stage.get(&format!("/{name}")).await.text(), "abc");
        assert!(stage.ask("HEAD", &format!("/{name}"), &[], "").await.status.is_success());
    }
    assert_eq!(stage.listed("/").await, ["beside", "early", "late"]);
}
