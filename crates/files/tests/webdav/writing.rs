//! Placing, renaming, copying, deleting.

use super::stage::{Stage, WRITE, request, whole};
use std::fs;

#[tokio::test]
async fn a_file_is_placed_and_replaced() {
    let stage = Stage::new(WRITE);
    assert_eq!(stage.put("/a.txt", "one").await.status, 201);
    assert_eq!(stage.read("a.txt"), "one");
    let replaced = stage.put("/a.txt", "two").await;
    assert_eq!((replaced.status.as_u16(), stage.read("a.txt").as_str()), (204, "two"));
    assert_eq!(stage.get("/a.txt").await.header("etag"), replaced.header("etag"));
    assert_eq!(stage.put("/none/a.txt", "x").await.status, 409);
    assert_eq!(stage.put("/empty", "").await.status, 201);
    assert_eq!(stage.names(), ["a.txt", "empty"], "and nothing else is left");
}

#[tokio::test]
async fn a_large_file_arrives_as_it_was_sent() {
    let stage = Stage::new(WRITE);
    let content: Vec<u8> = (0..5_000_000u32).flat_map(|number| number.to_le_bytes()).collect();
    assert_eq!(stage.put("/large", content.clone()).await.status, 201);
    assert!(fs::read(stage.root.join("large")).unwrap() == content);
    assert!(stage.get("/large").await.body == content);
}

#[tokio::test]
async fn who_sends_much_in_vain_is_told_why() {
    let stage = Stage::new(WRITE);
    for path in ["/.hidden", "/a/b/c"] {
        let answer = stage.put(path, vec![0; 5_000_000]).await;
        assert!(!answer.code().is_empty(), "{path}: {answer:?}");
    }
    assert_eq!(stage.names(), [""; 0]);
}

#[tokio::test]
async fn conditions_keep_from_overwriting() {
    let stage = Stage::new(WRITE);
    stage.file("a", "one");
    assert_eq!(stage.ask("PUT", "/a", &[("if-none-match", "*")], "two").await.status, 412);
    assert_eq!(stage.ask("PUT", "/new", &[("if-match", "*")], "two").await.status, 412);
    let etag = stage.get("/a").await.header("etag").to_owned();
    assert_eq!(stage.ask("PUT", "/a", &[("if-match", &etag)], "three").await.status, 204);
    assert_eq!(stage.ask("PUT", "/a", &[("if-match", &etag)], "four").await.status, 412);
    assert_eq!((stage.read("a").as_str(), stage.names().len()), ("three", 1));
}

#[tokio::test]
async fn what_arrives_says_that_it_came_from_the_internet_and_cannot_be_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new(WRITE);
    let script = stage.file("script.sh", "#!/bin/sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    stage.put("/program", "\x7fELF").await;
    stage.put("/script.sh", "#!/bin/sh\nrm").await;
    stage.take("COPY", "/program", "/files/copy").await;
    for (name, readable) in [("program", 0o600), ("script.sh", 0o600), ("copy", 0o600)] {
        let path = stage.root.join(name);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!((mode & 0o111, mode & 0o600), (0, readable), "{name}: {mode:o}");
        let mut mark = [0; 100];
        let length = rustix::fs::getxattr(&path, "user.xdg.origin.url", &mut mark).unwrap();
        assert_eq!(&mark[..length], b"https://support.example/", "{name}");
    }
    let mode = fs::metadata(script).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nor can more people read it than before");
}

#[tokio::test]
async fn a_file_that_the_user_protected_is_not_replaced() {
    let stage = Stage::new(WRITE);
    let path = stage.file("contract", "signed");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(stage.put("/contract", "x").await.code(), "read_only");
    assert_eq!(stage.read("contract"), "signed");
}

#[tokio::test]
async fn folders_are_made_one_at_a_time() {
    let stage = Stage::new(WRITE);
    assert_eq!(stage.ask("MKCOL", "/a", &[], "").await.status, 201);
    assert_eq!(stage.ask("MKCOL", "/a", &[], "").await.status, 405);
    assert_eq!(stage.ask("MKCOL", "/b/c", &[], "").await.status, 409);
    assert_eq!(stage.ask("MKCOL", "/", &[], "").await.status, 405);
    assert_eq!(stage.names(), ["a"]);
}

#[tokio::test]
async fn deleting_moves_to_the_trash_with_a_note_where_it_was() {
    let stage = Stage::new(WRITE);
    stage.file("a b.txt", "one");
    stage.file("dir/inner/file", "deep");
    assert_eq!(stage.ask("DELETE", "/a%20b.txt", &[], "").await.status, 204);
    assert_eq!(stage.ask("DELETE", "/dir/", &[], "").await.status, 204);
    stage.file("a b.txt", "two");
    assert_eq!(stage.ask("DELETE", "/a%20b.txt", &[], "").await.status, 204);
    assert_eq!(stage.ask("DELETE", "/a%20b.txt", &[], "").await.status, 404);
    assert_eq!(
        (stage.names(), stage.trash()),
        (vec![], ["a b.txt", "a b.txt.2", "dir"].map(String::from).to_vec())
    );
    let trash = stage.home.path().join("data/Trash");
    assert_eq!(fs::read_to_string(trash.join("files/dir/inner/file")).unwrap(), "deep");
    let note = fs::read_to_string(trash.join("info/a b.txt.trashinfo")).unwrap();
    let path = stage.folder.path().join("a b.txt").to_str().unwrap().replace(' ', "%20");
    assert!(note.starts_with(&format!("[Trash Info]\nPath={path}\nDeletionDate=20")), "{note}");
}

#[tokio::test]
async fn without_a_trash_nothing_is_deleted() {
    let stage = Stage::new(WRITE);
    stage.file("a", "");
    // A file lies where the trash would be.
    fs::write(stage.home.path().join("data"), "").unwrap();
    assert_eq!(stage.ask("DELETE", "/a", &[], "").await.code(), "no_trash");
    assert_eq!(stage.names(), ["a"]);
}

#[tokio::test]
async fn the_folder_itself_stays() {
    let stage = Stage::new(WRITE);
    stage.file("a", "");
    for (method, path, to) in [
        ("DELETE", "/", "/files/x"),
        ("MOVE", "/", "/files/x"),
        ("MOVE", "/a", "/files/"),
        ("PUT", "/", "/files/x"),
    ] {
        let answer = stage.take(method, path, to).await;
        assert!(answer.status.is_client_error(), "{method} {path}: {answer:?}");
    }
    assert_eq!(stage.names(), ["a"]);
}

#[tokio::test]
async fn renaming_replaces_by_way_of_the_trash() {
    let stage = Stage::new(WRITE);
    stage.file("a", "a");
    stage.file("old/one", "1");
    stage.file("old/two", "2");
    stage.file("new/three", "3");
    let keep = stage.ask("MOVE", "/new", &[("destination", "/files/old"), ("overwrite", "F")], "").await;
    assert_eq!(keep.status, 412);
    assert_eq!(stage.take("MOVE", "/new", "/files/old").await.status, 204);
    assert_eq!((stage.names(), stage.trash()), (vec!["a".into(), "old".into()], vec!["old".to_owned()]));
    assert_eq!(stage.listed("/old/").await, ["three"]);
    assert_eq!(stage.take("MOVE", "/a", "http://support.example:80/files/old/b%20c").await.status, 201);
    assert_eq!(stage.read("old/b c"), "a");
}

#[tokio::test]
async fn nothing_is_placed_in_itself_nor_replaces_what_it_lies_in() {
    let stage = Stage::new(WRITE);
    stage.file("a/b/c", "c");
    for method in ["MOVE", "COPY"] {
        for (path, to) in
            [("/a", "/files/a/b/d"), ("/a/b", "/files/a"), ("/a", "/files/a"), ("/a/b", "/files/")]
        {
            assert_eq!(stage.take(method, path, to).await.code(), "into_itself", "{method} {path} {to}");
        }
    }
    assert_eq!(stage.read("a/b/c"), "c");
}

#[tokio::test]
async fn a_folder_is_copied_with_what_is_in_it() {
    let stage = Stage::new(WRITE);
    stage.file("a/b/c", "c");
    stage.file("a/d", "d");
    assert_eq!(stage.take("COPY", "/a", "/files/e").await.status, 201);
    assert_eq!((stage.read("e/b/c"), stage.read("e/d")), ("c".into(), "d".into()));
    assert_eq!(stage.take("COPY", "/a/d", "/files/e/b").await.status, 204, "a file replaces a folder");
    assert_eq!((stage.read("e/b"), stage.trash()), ("d".into(), vec!["b".to_owned()]));
    let one = stage.ask("COPY", "/a", &[("destination", "/files/f"), ("depth", "0")], "").await;
    assert_eq!((one.status.as_u16(), stage.listed("/f/").await.len()), (201, 0));
}

#[tokio::test]
async fn a_lock_keeps_others_from_writing_until_it_is_given_back() {
    let stage = Stage::new(WRITE);
    stage.file("a", "one");
    let info = r#"<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"#;
    let locked = stage.ask("LOCK", "/a", &[("timeout", "Infinite")], info).await;
    assert_eq!(locked.status, 200);
    assert!(locked.text().contains("Second-600"), "{}", locked.text());
    let token = locked.header("lock-token").to_owned();
    assert_eq!(stage.put("/a", "two").await.status, 423);
    assert_eq!(stage.ask("DELETE", "/a", &[], "").await.status, 423);
    assert_eq!(stage.ask("PUT", "/a", &[("if", &format!("({token})"))], "three").await.status, 204);
    assert_eq!(stage.ask("UNLOCK", "/a", &[("lock-token", &token)], "").await.status, 204);
    assert_eq!(stage.put("/a", "four").await.status, 204);
    assert_eq!(stage.ask("LOCK", "/new", &[], info).await.status, 201);
    assert_eq!(stage.read("new"), "");
}

#[tokio::test]
async fn properties_of_clients_own_are_refused_one_by_one() {
    let stage = Stage::new(WRITE);
    stage.file("a", "");
    let body = r#"<D:propertyupdate xmlns:D="DAV:" xmlns:x="x:"><D:set><D:prop><x:colour>red</x:colour></D:prop></D:set></D:propertyupdate>"#;
    let answer = stage.ask("PROPPATCH", "/a", &[], body).await;
    assert_eq!(answer.status, 207);
    assert!(answer.text().contains("403 Forbidden"), "{}", answer.text());
}

#[tokio::test]
async fn an_upload_in_parts_appears_when_it_is_whole() {
    let stage = Stage::new(WRITE);
    let part =
        async |range, body: &'static str| stage.ask("PUT", "/a", &[("content-range", range)], body).await;
    let first = part("bytes 0-2/8", "abc").await;
    assert_eq!((first.status.as_u16(), first.header("upload-offset")), (202, "3"));
    assert_eq!(stage.names(), [""; 0]);
    let twice = part("bytes 0-2/8", "abc").await;
    assert_eq!(
        (twice.status.as_u16(), twice.header("upload-offset")),
        (202, "3"),
        "beginning anew is no mistake"
    );
    let gap = part("bytes 4-5/8", "ef").await;
    assert_eq!(
        (gap.status.as_u16(), gap.header("upload-offset"), gap.code().as_str()),
        (409, "3", "wrong_offset")
    );
    let asked = part("bytes */8", "").await;
    assert_eq!((asked.status.as_u16(), asked.header("upload-offset")), (202, "3"));
    assert_eq!(part("bytes */9", "").await.header("upload-offset"), "0", "another length is another file");
    assert_eq!(part("bytes 3-4/8", "de").await.header("upload-offset"), "5");
    assert_eq!(part("bytes 5-7/8", "fgh").await.status, 201);
    assert_eq!((stage.read("a"), stage.names()), ("abcdefgh".into(), vec!["a".to_owned()]));
}

#[tokio::test]
async fn nonsense_about_parts_is_refused() {
    let stage = Stage::new(WRITE);
    let ranges = [
        "bytes 2-1/8",
        "bytes 0-8/8",
        "bytes 0-1/8",
        "bytes 0-2",
        "0-2/8",
        "bytes a-b/8",
        "bytes 0-18446744073709551615/8",
    ];
    for range in ranges {
        let answer = stage.ask("PUT", "/a", &[("content-range", range)], "abc").await;
        assert_eq!(answer.code(), "bad_range", "{range}");
    }
    assert_eq!(stage.names(), [""; 0]);
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let stage = Stage::new(WRITE);
    let mut connection = stage.connect(4096).await;
    for number in 0..50 {
        let path = format!("/{number}");
        let placed =
            whole(connection.send_request(request("PUT", &path, &[], path.clone())).await.unwrap()).await;
        assert_eq!(placed.status, 201);
        let read = whole(connection.send_request(request("GET", &path, &[], "")).await.unwrap()).await;
        assert_eq!(read.text(), path);
    }
}
