use std::fs;

use stocktake_auth::{ApiKey, SecretSource};
use stocktake_connector_core::{ErrorCode, Recovery, TokenProvider, TokenScope};

#[tokio::test]
async fn a_key_in_a_file_follows_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, "k1\n").unwrap();
    let key = ApiKey::new(SecretSource::File(file.clone()));
    let scope = TokenScope::new("sekoia");
    let first = key.token(&scope).await.unwrap();
    assert_eq!((first.expose(), first.expires_at()), ("k1", None));
    // A rejected key comes back as it was, so that the caller sees that there is no other.
    key.invalidate(&scope, &first);
    assert!(key.token(&scope).await.unwrap().same_as(&first));
    let before = key.stamp();
    fs::write(&file, "key2\n").unwrap();
    assert_ne!(key.stamp(), before);
    assert_eq!(key.token(&scope).await.unwrap().expose(), "key2");
}

#[tokio::test]
async fn a_missing_key_waits_for_the_operator() {
    for source in [SecretSource::File("/nonexistent/key".into()), SecretSource::Value("".into())] {
        let error = ApiKey::new(source).token(&TokenScope::new("sekoia")).await.unwrap_err();
        assert_eq!((error.code, error.recovery), (ErrorCode::SinkKeyRefused, Recovery::Operator));
        assert!(error.advice.is_some());
    }
}
