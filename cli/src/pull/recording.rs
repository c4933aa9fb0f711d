//! An HTTP client that keeps the bytes of what it receives.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, future::ready, stream::BoxStream};
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue},
};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, ServerJsonRpcMessage},
    transport::streamable_http_client::{
        SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
        StreamableHttpResponseLimits,
    },
};
use sse_stream::{Sse, SseStream};

use super::{BYTES, Limit, PullError, http::failed_request, wire::Wire};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const SESSION: &str = "mcp-session-id";

type HttpError = StreamableHttpError<reqwest::Error>;
type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// An HTTP client that shows the wire every message that may be a page of a list.
#[derive(Clone)]
pub(super) struct Recording {
    pub(super) inner: Client,
    pub(super) wire: Wire,
    /// Whether a token is sent.
    pub(super) token: bool,
}

impl Recording {
    /// Posts a request for a page of a list and keeps the answer's bytes, which the inner client
    /// would not give.
    async fn post_listing(
        &self,
        uri: &str,
        message: &ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let mut request = self.inner.post(uri).header(ACCEPT, [EVENTS, JSON].join(", "));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(session) = &session {
            request = request.header(SESSION, session.as_ref());
        }
        let response = request.json(message).send().await?;
        let status = response.status();
        let kind = media_type(&response);
        match (status.is_success(), kind.as_deref()) {
            (false, _) if status == StatusCode::NOT_FOUND && session.is_some() => {
                Err(HttpError::SessionExpired)
            }
            (true, Some(EVENTS)) => {
                Ok(StreamableHttpPostResponse::Sse(self.events(response), None))
            }
            (true, Some(JSON)) => self.answer(response).await,
            (true, _) => Err(HttpError::UnexpectedContentType(kind)),
            (false, _) => self.refusal(status, response).await,
        }
    }

    async fn answer(&self, response: Response) -> Result<StreamableHttpPostResponse, HttpError> {
        let body = self.body(response).await?;
        self.wire.message(&body);
        Ok(StreamableHttpPostResponse::Json(serde_json::from_slice(&body)?, None))
    }

    /// An error status, or the JSON-RPC error that came with it.
    async fn refusal(
        &self,
        status: StatusCode,
        response: Response,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let unauthorized = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let body = self.body(response).await?;
        match serde_json::from_slice(&body) {
            Ok(error @ ServerJsonRpcMessage::Error(_)) if !unauthorized => {
                Ok(StreamableHttpPostResponse::Json(error, None))
            }
            _ => Err(HttpError::UnexpectedServerResponse(format!("HTTP {status}").into())),
        }
    }

    async fn body(&self, response: Response) -> Result<Vec<u8>, HttpError> {
        let mut chunks = response.bytes_stream();
        let mut body = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            if body.len().saturating_add(chunk.len()) > BYTES {
                self.wire.fail(PullError::TooMuch(Limit::Bytes));
                return Err(HttpError::ResponseBodyTooLarge { max_size: BYTES });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The events of an answer, which end where they pass the byte limit.
    fn events(&self, response: Response) -> Events {
        let wire = self.wire.clone();
        let bytes = response.bytes_stream().scan(0_usize, move |received, chunk| {
            let length = chunk.as_ref().map_or(0, |chunk| chunk.len());
            *received = received.saturating_add(length);
            let fits = *received <= BYTES;
            if !fits {
                wire.fail(PullError::TooMuch(Limit::Bytes));
            }
            ready(fits.then_some(chunk))
        });
        self.recorded(SseStream::from_bytes_stream(bytes).boxed())
    }

    fn recorded(&self, events: Events) -> Events {
        let wire = self.wire.clone();
        let record = move |event: &Result<Sse, SseError>| {
            if let Ok(Sse { data: Some(data), .. }) = event {
                wire.message(data.as_bytes());
            }
        };
        events.inspect(record).boxed()
    }

    /// Records why an exchange failed: the library only tells that it did.
    fn watched(
        &self,
        result: Result<StreamableHttpPostResponse, HttpError>,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        match &result {
            // The library opens a new session and asks again.
            Ok(_) | Err(HttpError::SessionExpired) => {}
            Err(error) => self.wire.fail(self.reason(error)),
        }
        result
    }

    fn reason(&self, error: &HttpError) -> PullError {
        let refused = |status| PullError::Refused { status, token: self.token };
        match error {
            HttpError::AuthRequired(_) => refused(401),
            HttpError::InsufficientScope(_) => refused(403),
            HttpError::Client(error) => failed_request(error),
            HttpError::HttpStatus(status) => PullError::Status(status.to_string()),
            HttpError::UnexpectedServerResponse(text) => match status_of(text) {
                Some("HTTP 401 Unauthorized") => refused(401),
                Some("HTTP 403 Forbidden") => refused(403),
                Some(status) => PullError::Status(status.to_owned()),
                None => PullError::NotMcp(text.to_string()),
            },
            HttpError::UnexpectedContentType(Some(kind)) => {
                PullError::NotMcp(format!("its content type is `{kind}`"))
            }
            HttpError::UnexpectedContentType(None) => {
                PullError::NotMcp("it has no content type".to_owned())
            }
            HttpError::Deserialize(error) => PullError::NotMcp(error.to_string()),
            error => PullError::Http(error.to_string()),
        }
    }
}

impl StreamableHttpClient for Recording {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(
            uri,
            message,
            session_id,
            auth_header,
            custom_headers,
            limits,
        )
        .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let result = if is_listing(&message) {
            self.post_listing(&uri, &message, session_id, auth_header, custom_headers).await
        } else {
            self.inner
                .post_message_with_response_limits(
                    uri,
                    message,
                    session_id,
                    auth_header,
                    custom_headers,
                    limits,
                )
                .await
        };
        self.watched(result)
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<(), HttpError> {
        self.inner.delete_session(uri, session_id, auth_header, custom_headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<Events, HttpError> {
        self.get_stream_with_max_sse_event_size(
            uri,
            session_id,
            last_event_id,
            auth_header,
            custom_headers,
            BYTES,
        )
        .await
    }

    /// An answer whose stream broke off is resumed here.
    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
        max_sse_event_size: usize,
    ) -> Result<Events, HttpError> {
        let events = self
            .inner
            .get_stream_with_max_sse_event_size(
                uri,
                session_id,
                last_event_id,
                auth_header,
                custom_headers,
                max_sse_event_size,
            )
            .await?;
        Ok(self.recorded(events))
    }
}

fn is_listing(message: &ClientJsonRpcMessage) -> bool {
    match message {
        ClientJsonRpcMessage::Request(request) => {
            matches!(
                request.request,
                ClientRequest::ListToolsRequest(_) | ClientRequest::ListPromptsRequest(_)
            )
        }
        _ => false,
    }
}

/// The media type of a response, without its parameters.
fn media_type(response: &Response) -> Option<String> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    kind.split(';').next().map(|kind| kind.trim().to_ascii_lowercase())
}

/// The status that stands before the body in a text of the library's.
fn status_of(text: &str) -> Option<&str> {
    text.split(": ").next().filter(|status| status.starts_with("HTTP "))
}
