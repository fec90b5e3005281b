//! The import of an existing book: JSON lines in, one line of answer for each, as they come.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use futures_util::{Stream, StreamExt as _, stream};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actors::{ExecuteError, Lane, Request};
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{media_type, media_type_is, query, token_text, too_large};
use crate::admin::turns::Turns;
use crate::admin::{Admin, auth, patiently, wire};
use crate::domain::command::Answer;
use crate::domain::ids::StreamId;
use crate::domain::record::Cause;
use crate::domain::rejection::Rejection;

/// The media type of JSON lines, in and out.
const LINES: &str = "application/x-ndjson";
/// Lines that are worked on at once.
const CONCURRENCY: usize = 64;
/// How long a client may keep the next piece back.
const CHUNK_TIMEOUT: Duration = Duration::from_mins(1);

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(import);
}

/// Brings an existing book along: one account a line. Each line is answered by one, in order; a
/// bad line stops nothing else, and a line that was imported before is not imported again. Of two
/// lines that claim the same, such as an e-mail address, the earlier one has it.
/// Answers come while the body is still being sent: read them meanwhile.
#[utoipa::path(
    tag = "imports",
    params(wire::ImportQuery, wire::WriteHeaders),
    request_body(content = wire::ImportLine, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "A line for each line", body = wire::ImportAnswer,
            content_type = "application/x-ndjson"),
        Problem
    )
)]
#[post("/v1/imports")]
async fn import(
    admin: Data<Admin>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let read = [LINES, "application/ndjson", "application/jsonl", "text/plain"];
    media_type_is(media_type(&request).as_deref(), &read)?;
    token_text(&request, &admin.config.tokens)?;
    let query: wire::ImportQuery = query(request.query_string())?;
    let cause = auth::cause(&request)?;
    let max = usize::try_from(admin.config.daemon.body_max).unwrap_or(usize::MAX);
    let turns = Turns::default();
    let answers = Lines::new(payload, max)
        .stream()
        .map(move |line| {
            let (admin, cause, query) = (admin.clone(), cause.clone(), query.clone());
            let turns = turns.clone();
            async move { answer(&admin, cause, &query, &turns, line).await }
        })
        .buffered(CONCURRENCY)
        .map(|answer| {
            let mut line = serde_json::to_vec(&answer)?;
            line.push(b'\n');
            Ok::<_, serde_json::Error>(Bytes::from(line))
        });
    Ok(HttpResponse::Ok().content_type(LINES).streaming(answers))
}

/// Answers one line.
async fn answer(
    admin: &Admin,
    cause: Cause,
    query: &wire::ImportQuery,
    turns: &Turns,
    line: Line,
) -> wire::ImportAnswer {
    let mut answer = wire::ImportAnswer {
        line: line.number,
        outcome: wire::ImportOutcome::Rejected,
        external_id: None,
        account: None,
        subscriptions: Vec::new(),
        dry_run: query.dry_run,
        problem: None,
    };
    let text = match line.text {
        Ok(text) => text,
        Err(problem) => return wire::ImportAnswer { problem: Some(problem.to_wire()), ..answer },
    };
    match serde_json::from_slice::<wire::ImportLine>(&text) {
        Err(error) => answer.problem = Some(Problem::malformed(&error).to_wire()),
        Ok(line) => {
            answer.external_id = Some(line.external_id.clone());
            if let Err(problem) = bring_along(admin, cause, query, turns, &line, &mut answer).await
            {
                answer.problem = Some(problem.to_wire());
            }
        }
    }
    answer
}

impl Admin {
    /// Brings one line of a book along, outside the socket. Of two lines that claim the same the one
    /// that was begun earlier has it.
    pub async fn import_line(
        &self,
        number: u64,
        text: &str,
        query: &wire::ImportQuery,
        turns: &Turns,
    ) -> wire::ImportAnswer {
        let line = Line { number, text: Ok(Bytes::copy_from_slice(text.as_bytes())) };
        answer(self, Cause::Import, query, turns, line).await
    }
}

/// Imports one account and notes what became of it.
async fn bring_along(
    admin: &Admin,
    cause: Cause,
    query: &wire::ImportQuery,
    turns: &Turns,
    line: &wire::ImportLine,
    answer: &mut wire::ImportAnswer,
) -> Result<(), Problem> {
    let (id, asked) = admin.door().import(line, query.held)?;
    let stream = StreamId::from(id);
    let _turn = turns.take(&asked.claims).await;
    let request = Request {
        sidecar: asked.sidecar,
        claims: asked.claims,
        ..Request::new(asked.command, cause, Lane::Clockwork)
    };
    let executed = patiently(&admin.accounts, stream, request, query.dry_run).await;
    match executed {
        Ok(receipt) => {
            let Answer::Imported { account, subscriptions } = &receipt.answer else {
                return Err(crate::admin::unexpected(&receipt));
            };
            answer.outcome = wire::ImportOutcome::Imported;
            answer.account = Some(account.to_string());
            answer.subscriptions = subscriptions.iter().map(ToString::to_string).collect();
            Ok(())
        }
        Err(ExecuteError::Rejected(
            rejection @ (Rejection::AccountExists | Rejection::ExternalIdTaken),
        )) => {
            let claim = admin.door().external_id_claim(&line.external_id);
            let Some(holder) = admin.store.holder(&claim).await? else {
                return Err(rejection.into());
            };
            answer.outcome = wire::ImportOutcome::AlreadyImported;
            answer.account = Some(holder.to_string());
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// A line as it came in.
#[derive(Debug)]
struct Line {
    number: u64,
    text: Result<Bytes, Problem>,
}

/// Cuts a body into its lines, without holding more than one of them.
struct Lines<S> {
    payload: S,
    buffer: BytesMut,
    /// Of the buffer, so much holds no line's end.
    searched: usize,
    number: u64,
    max: usize,
    is_overlong: bool,
    is_over: bool,
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Lines<S> {
    fn new(payload: S, max: usize) -> Self {
        let buffer = BytesMut::new();
        Self { payload, buffer, searched: 0, number: 0, max, is_overlong: false, is_over: false }
    }

    fn stream(self) -> impl Stream<Item = Line> {
        stream::unfold(self, |mut lines| async move { Some((lines.next().await?, lines)) })
    }

    /// The next line that is not empty.
    async fn next(&mut self) -> Option<Line> {
        loop {
            let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end {
                let mut line = self.buffer.split_to(self.searched + end + 1);
                line.truncate(line.len() - 1);
                self.searched = 0;
                if let Some(line) = self.cut(line.freeze()) {
                    return Some(line);
                }
                continue;
            }
            if self.is_over {
                let rest = self.buffer.split().freeze();
                self.searched = 0;
                return if rest.is_empty() && !self.is_overlong { None } else { self.cut(rest) };
            }
            self.searched = self.buffer.len();
            if self.searched > self.max {
                self.is_overlong = true;
                self.buffer.clear();
                self.searched = 0;
            }
            match timeout(CHUNK_TIMEOUT, self.payload.next()).await {
                Ok(Some(Ok(chunk))) => self.buffer.extend_from_slice(&chunk),
                Ok(None) => self.is_over = true,
                Ok(Some(Err(error))) => {
                    let detail = format!("the body broke off: {error}");
                    return Some(self.broken_off(Problem::new(Code::MalformedRequest, detail)));
                }
                Err(_) => {
                    let problem = Problem::new(Code::RequestTimeout, "the body took too long");
                    return Some(self.broken_off(problem));
                }
            }
        }
    }

    /// A line that is complete; nothing if it is empty.
    fn cut(&mut self, text: Bytes) -> Option<Line> {
        self.number += 1;
        let number = self.number;
        if std::mem::take(&mut self.is_overlong) || text.len() > self.max {
            return Some(Line { number, text: Err(too_large(self.max)) });
        }
        (!text.trim_ascii().is_empty()).then_some(Line { number, text: Ok(text) })
    }

    fn broken_off(&mut self, problem: Problem) -> Line {
        self.is_over = true;
        self.is_overlong = false;
        self.buffer.clear();
        self.searched = 0;
        self.number += 1;
        Line { number: self.number, text: Err(problem) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn cut(chunks: &[&str], max: usize) -> Vec<(u64, Result<String, &'static str>)> {
        let chunks: Vec<_> =
            chunks.iter().map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes()))).collect();
        let lines = Lines::new(stream::iter(chunks), max).stream();
        lines
            .map(|line| {
                let text = line.text.map(|text| String::from_utf8_lossy(&text).into_owned());
                (line.number, text.map_err(|problem| problem.code()))
            })
            .collect()
            .await
    }

    #[actix_web::test]
    async fn a_body_is_cut_into_lines_wherever_its_pieces_end() {
        let whole = cut(&["a\nbc\n\n  \nd"], 10).await;
        let in_pieces = cut(&["a", "\nb", "c\n", "\n  ", "\n", "d"], 10).await;
        assert_eq!(whole, [(1, Ok("a".into())), (2, Ok("bc".into())), (5, Ok("d".into()))]);
        assert_eq!(whole, in_pieces);
        assert_eq!(cut(&["a\n"], 10).await, [(1, Ok("a".into()))]);
        assert_eq!(cut(&[], 10).await, []);
    }

    #[actix_web::test]
    async fn a_line_that_is_too_long_stops_no_other() {
        let expected = [(1, Err("BodyTooLarge")), (2, Ok("b".into()))];
        assert_eq!(cut(&["aaaaaa\nb\n"], 5).await, expected);
        assert_eq!(cut(&["aaa", "aaa", "aaa", "aaa\nb"], 5).await, expected);
        assert_eq!(cut(&["aaa", "aaa", "aaa"], 5).await, [(1, Err("BodyTooLarge"))]);
    }
}
