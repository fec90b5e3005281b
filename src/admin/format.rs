//! In which form something is asked for: by `?format=`, or else by the `Accept` header.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, Accept, Header as _};

use super::problem::{Code, Problem};

/// The form of an answer that can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For programs.
    Json,
    /// For people.
    Printed(Print),
}

/// What something is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// For a browser; it prints well.
    Html,
    /// To keep, and to send.
    Pdf,
}

impl Print {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
        }
    }

    /// How the name of such a file ends.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
        }
    }
}

impl Format {
    /// The form that is asked for; JSON if nothing is.
    pub fn of(named: Option<&str>, request: &HttpRequest) -> Result<Self, Problem> {
        match named {
            Some("json") => Ok(Self::Json),
            Some("html") => Ok(Self::Printed(Print::Html)),
            Some("pdf") => Ok(Self::Printed(Print::Pdf)),
            Some(other) => {
                Err(Problem::field("format", format!("{other:?} is not json, html or pdf")))
            }
            None if request.headers().contains_key(ACCEPT) => Self::accepted(request),
            None => Ok(Self::Json),
        }
    }

    /// The form that the `Accept` header likes best.
    fn accepted(request: &HttpRequest) -> Result<Self, Problem> {
        let accept = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
        let known = |range: &str| match range {
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "text/html" | "text/*" => Some(Self::Printed(Print::Html)),
            "application/pdf" => Some(Self::Printed(Print::Pdf)),
            _ => None,
        };
        accept.iter().find_map(|range| known(range.essence_str())).ok_or_else(|| {
            let detail = "there is application/json, text/html and application/pdf here";
            Problem::new(Code::NotAcceptable, detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn asked(named: Option<&str>, accept: Option<&str>) -> Result<Format, &'static str> {
        let mut request = TestRequest::default();
        if let Some(accept) = accept {
            request = request.insert_header((ACCEPT, accept));
        }
        Format::of(named, &request.to_http_request()).map_err(|problem| problem.code())
    }

    #[test]
    fn the_form_is_named_or_liked_best() {
        assert_eq!(asked(None, None), Ok(Format::Json));
        assert_eq!(asked(Some("pdf"), Some("text/html")), Ok(Format::Printed(Print::Pdf)));
        assert_eq!(asked(Some("xml"), None), Err("InvalidField"));
        assert_eq!(asked(None, Some("*/*")), Ok(Format::Json));
        assert_eq!(asked(None, Some("application/pdf")), Ok(Format::Printed(Print::Pdf)));
        assert_eq!(
            asked(None, Some("application/json;q=0.5, application/pdf")),
            Ok(Format::Printed(Print::Pdf))
        );
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(asked(None, Some(browser)), Ok(Format::Printed(Print::Html)));
        assert_eq!(asked(None, Some("image/png")), Err("NotAcceptable"));
        assert_eq!(asked(None, Some("nonsense")), Err("NotAcceptable"));
    }
}
