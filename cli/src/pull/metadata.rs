//! Fetching protected resource metadata (RFC 9728).

use std::time::Duration;

use placet_language::lint::Metadata;
use reqwest::Url;
use tokio::runtime::Builder;

use super::http;

/// Fetches the metadata of a resource from their well-known address (RFC 9728, section 3).
///
/// # Errors
///
/// Why there are none: the server does not answer within `limit`, answers something else, or has none.
pub(crate) fn metadata(resource: &str, limit: Duration) -> Result<Metadata, String> {
    let address = well_known(resource).ok_or_else(|| format!("`{resource}` has no host"))?;
    let client = http::client().map_err(|error| error.to_string())?;
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let fetched = runtime.block_on(async {
        let fetch = fetch(&client, address.clone());
        tokio::time::timeout(limit, fetch).await.unwrap_or_else(|_| {
            Err(format!("it did not answer within {} seconds", limit.as_secs()))
        })
    });
    runtime.shutdown_background();
    let read = fetched.and_then(|bytes| Metadata::read(&bytes).map_err(|error| error.to_string()));
    read.map_err(|why| format!("{address}: {why}"))
}

async fn fetch(client: &reqwest::Client, address: Url) -> Result<Vec<u8>, String> {
    let mut answer = client.get(address).send().await.map_err(|error| http::reasons(&error))?;
    if !answer.status().is_success() {
        return Err(format!("the server answered {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| http::reasons(&error))? {
        bytes.extend_from_slice(&part);
        if bytes.len() > Metadata::BYTES {
            return Err(format!("it is longer than {} bytes", Metadata::BYTES));
        }
    }
    Ok(bytes)
}

/// The well-known path stands between the host and the path of the resource.
fn well_known(resource: &str) -> Option<Url> {
    let mut url = Url::parse(resource).ok().filter(Url::has_host)?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("/.well-known/oauth-protected-resource{path}"));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_stands_before_the_path() {
        for (resource, address) in [
            ("https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
            (
                "https://a.example/mcp/x?k=1",
                "https://a.example/.well-known/oauth-protected-resource/mcp/x?k=1",
            ),
        ] {
            assert_eq!(well_known(resource).map(String::from).as_deref(), Some(address));
        }
        assert_eq!(well_known("local:notes"), None);
    }
}
