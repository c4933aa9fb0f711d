//! Pulling from a server over Streamable HTTP.

use std::{error::Error, fmt};

use reqwest::{
    Client, Url,
    header::HeaderValue,
    redirect::{Action, Attempt as Redirect, Policy},
};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
};

use super::{Attempt, BYTES, Offered, PullError, recording::Recording, session::exchange};

const REDIRECTS: usize = 10;

/// Pulls from the server at the address.
pub(super) async fn pull(
    url: &str,
    token: Option<&str>,
    attempt: &Attempt,
    progress: &mut dyn FnMut(usize),
) -> Result<Offered, PullError> {
    check_address(url)?;
    let config = StreamableHttpClientTransportConfig::with_uri(url)
        .max_sse_event_size(BYTES)
        .max_json_response_size(BYTES);
    let config = match token {
        Some(token) => config.auth_header(sendable(token)?),
        None => config,
    };
    let client = Recording { inner: client()?, wire: attempt.wire.clone(), token: token.is_some() };
    let transport = StreamableHttpClientTransport::with_client(client, config);
    exchange(transport, attempt, progress).await.map_err(explain)
}

fn check_address(url: &str) -> Result<(), PullError> {
    let url = Url::parse(url).map_err(|error| PullError::Address(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(()),
        scheme => Err(PullError::Address(format!("`{scheme}` is neither `http` nor `https`"))),
    }
}

fn sendable(token: &str) -> Result<&str, PullError> {
    HeaderValue::from_str(token).map(|_| token).map_err(|_| PullError::Token)
}

pub(super) fn client() -> Result<Client, PullError> {
    // An error says that a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::custom(stay_at_origin))
        .user_agent(concat!("placet/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| PullError::Setup(reasons(&error)))
}

/// Another origin is not the server that the person named, whether or not it is shown the token.
fn stay_at_origin(redirect: Redirect<'_>) -> Action {
    let origin = redirect.previous().last().map(Url::origin);
    if origin != Some(redirect.url().origin()) {
        let elsewhere = Elsewhere(redirect.url().to_string());
        redirect.error(elsewhere)
    } else if redirect.previous().len() > REDIRECTS {
        redirect.error("too many redirects")
    } else {
        redirect.follow()
    }
}

#[derive(Debug)]
struct Elsewhere(String);

impl Error for Elsewhere {}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a redirect to {}", self.0)
    }
}

fn explain(error: PullError) -> PullError {
    match error {
        PullError::Closed { .. } => PullError::Http("the connection ended".to_owned()),
        error => error,
    }
}

/// Why a request got no response.
pub(super) fn failed_request(error: &reqwest::Error) -> PullError {
    let elsewhere = causes(error).find_map(|cause| cause.downcast_ref::<Elsewhere>());
    match elsewhere {
        Some(Elsewhere(to)) => PullError::Redirected { to: to.clone() },
        None => PullError::Http(reasons(error)),
    }
}

/// What led to an error; its own text repeats the address, which may hold a secret.
pub(super) fn reasons(error: &reqwest::Error) -> String {
    let reasons: Vec<_> = causes(error).map(ToString::to_string).collect();
    if reasons.is_empty() { error.to_string() } else { reasons.join(": ") }
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| <dyn Error>::source(*cause))
}
