//! The certificate of a closed account, as a page of HTML: what of it was erased, what is kept,
//! why, and until when. It names nobody: the account's number is all that is left of its owner.

use super::document::{Language, Party};
use super::html::{STYLE, escape};
use crate::domain::calendar::{Timestamp, Zone};

/// What a certificate speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Name, addresses, tax number, notes: everything that was sealed.
    PersonalData,
    /// E-mail address and external ids, which nobody else may use as long as they are claimed.
    Claims,
    /// What was to be sent, and how that went.
    Deliveries,
    /// Files of mails that were sent.
    Mails,
    /// The records of what happened.
    Journal,
    /// The lines of the ledger.
    Ledger,
    /// The orders.
    Orders,
    /// The closed months.
    Statements,
    /// The invoices and credit notes.
    Documents,
    /// Who bought, on those.
    Buyer,
}

impl Matter {
    /// The word for it, for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PersonalData => "personal_data",
            Self::Claims => "claims",
            Self::Deliveries => "deliveries",
            Self::Mails => "mails",
            Self::Journal => "journal",
            Self::Ledger => "ledger",
            Self::Orders => "orders",
            Self::Statements => "statements",
            Self::Documents => "documents",
            Self::Buyer => "buyer",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self, language: Language) -> &'static str {
        let (english, german) = match self {
            Self::PersonalData => (
                "Name, addresses, tax number and notes, with the key that they were sealed under",
                "Name, Anschriften, Steuernummer und Notizen samt ihrem Schl\u{fc}ssel",
            ),
            Self::Claims => (
                "Reservations of the e-mail address and of external ids",
                "Reservierungen der E-Mail-Adresse und externer Kennungen",
            ),
            Self::Deliveries => ("Messages on their way out", "Ausgehende Nachrichten"),
            Self::Mails => ("Files of mails that were sent", "Dateien gesendeter E-Mails"),
            Self::Journal => ("Journal", "Journal"),
            Self::Ledger => ("Lines of the ledger", "Buchungszeilen"),
            Self::Orders => ("Orders", "Bestellungen"),
            Self::Statements => ("Monthly statements", "Monatsabrechnungen"),
            Self::Documents => ("Invoices and credit notes", "Rechnungen und Gutschriften"),
            Self::Buyer => (
                "The buyer's name, address and tax number on them, under a key of their own",
                "Name, Anschrift und Steuernummer darauf, unter eigenem Schl\u{fc}ssel",
            ),
        };
        language.choose(english, german)
    }

    /// Why it is kept; nothing for what is not.
    #[must_use]
    pub const fn reason(self, language: Language) -> &'static str {
        let (english, german) = match self {
            Self::PersonalData | Self::Claims | Self::Deliveries | Self::Mails => ("", ""),
            Self::Journal => (
                "Proof that the books are whole; under the account's number, without a name",
                "Nachweis der Vollst\u{e4}ndigkeit; unter der Kontonummer, ohne Namen",
            ),
            Self::Ledger | Self::Orders | Self::Statements => (
                "Commercial and tax law; under the account's number, without a name",
                "Handels- und Steuerrecht; unter der Kontonummer, ohne Namen",
            ),
            Self::Documents => ("Commercial and tax law", "Handels- und Steuerrecht"),
            Self::Buyer => (
                "Tax law asks that an invoice names who bought; destroyed after the period",
                "Pflichtangaben einer Rechnung; danach vernichtet",
            ),
        };
        language.choose(english, german)
    }
}

impl Language {
    const fn choose(self, english: &'static str, german: &'static str) -> &'static str {
        match self {
            Self::En => english,
            Self::De => german,
        }
    }
}

/// Something that was erased, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// What.
    pub matter: Matter,
    /// How many of it; none if that is not known yet.
    pub count: Option<u64>,
    /// When; none if it waits.
    pub at: Option<Timestamp>,
}

/// Something that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What.
    pub matter: Matter,
    /// How many of it.
    pub count: u64,
    /// At least until then.
    pub until: Timestamp,
}

/// The certificate of a closed account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The language of its words.
    pub language: Language,
    /// The zone of its instants.
    pub zone: Zone,
    /// Who kept the account.
    pub seller: Party,
    /// The account's number.
    pub account: String,
    /// When it was closed.
    pub closed_at: Timestamp,
    /// When the last trace of personal data was removed; none while that is under way.
    pub erased_at: Option<Timestamp>,
    /// Is erasure kept up by law?
    pub is_held: bool,
    /// What was erased.
    pub gone: Vec<Gone>,
    /// What is kept.
    pub kept: Vec<Kept>,
}

impl Certificate {
    /// As one page of HTML that needs nothing else and prints on A4.
    #[must_use]
    pub fn html(&self) -> String {
        let say = |english, german| self.language.choose(english, german);
        let (tag, title) =
            (say("en", "de"), say("Certificate of erasure", "L\u{f6}schbescheinigung"));
        let account = escape(&self.account);
        let state = match (self.erased_at, self.is_held) {
            (Some(at), _) => self.date(at),
            (None, true) => say("Held by law", "Gesetzlich aufgehalten").to_owned(),
            (None, false) => say("Under way", "Steht noch aus").to_owned(),
        };
        let facts = [
            (say("Account", "Konto"), account.clone()),
            (say("Closed", "Geschlossen"), self.date(self.closed_at)),
            (say("Erased", "Gel\u{f6}scht"), state),
            (say("Time zone", "Zeitzone"), escape(self.zone.name())),
        ];
        let facts =
            facts.map(|(label, value)| format!("<div><dt>{label}</dt><dd>{value}</dd></div>\n"));
        let note = say(
            "Backups that were made before hold what they held until they are replaced.",
            "Sicherungen von vorher enthalten die Daten, bis sie ersetzt werden.",
        );
        format!(
            "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} {account}</title>\n<style>\n{STYLE}</style>\n</head>\n\
             <body>\n<main>\n<header>\n<p class=\"seller\">{seller}</p>\n\
             <div><h1>{title}</h1>\n<p class=\"number\">{account}</p></div>\n</header>\n\
             <div class=\"head\">\n<dl>\n{facts}</dl>\n</div>\n{gone}{kept}\
             <section class=\"notes\"><p>{note}</p></section>\n</main>\n</body>\n</html>\n",
            seller = escape(&self.seller.name),
            facts = facts.concat(),
            gone = self.gone(),
            kept = self.kept(),
        )
    }

    fn gone(&self) -> String {
        let say = |english, german| self.language.choose(english, german);
        let row = |gone: &Gone| {
            let at =
                gone.at.map_or_else(|| say("waits", "steht aus").to_owned(), |at| self.date(at));
            let count = gone.count.map(|count| count.to_string()).unwrap_or_default();
            let name = gone.matter.name(self.language);
            format!(
                "<tr><th scope=\"row\">{name}</th><td class=\"figure\">{count}</td><td>{at}</td></tr>\n"
            )
        };
        let rows: String = self.gone.iter().map(row).collect();
        let (caption, count) = (say("Erased", "Gel\u{f6}scht"), say("Count", "Anzahl"));
        let (what, at) = (say("What", "Was"), say("When", "Wann"));
        format!(
            "<table>\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">{what}</th>\
             <th scope=\"col\" class=\"figure\">{count}</th><th scope=\"col\">{at}</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n"
        )
    }

    fn kept(&self) -> String {
        let say = |english, german| self.language.choose(english, german);
        let row = |kept: &Kept| {
            let (name, reason) =
                (kept.matter.name(self.language), kept.matter.reason(self.language));
            let (count, until) = (kept.count, self.date(kept.until));
            format!(
                "<tr><th scope=\"row\">{name}</th><td class=\"figure\">{count}</td>\
                 <td>{until}</td><td>{reason}</td></tr>\n"
            )
        };
        let rows: String = self.kept.iter().map(row).collect();
        let (caption, count) = (say("Kept", "Aufbewahrt"), say("Count", "Anzahl"));
        let (what, until) = (say("What", "Was"), say("At least until", "Mindestens bis"));
        let why = say("Why", "Warum");
        format!(
            "<table>\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">{what}</th>\
             <th scope=\"col\" class=\"figure\">{count}</th><th scope=\"col\">{until}</th>\
             <th scope=\"col\">{why}</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        )
    }

    fn date(&self, at: Timestamp) -> String {
        self.zone.date(at).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn certificate(language: Language) -> Certificate {
        Certificate {
            language,
            zone: "Europe/Berlin".parse().expect("a zone"),
            seller: Party { name: "A & B".to_owned(), ..Party::default() },
            account: "acc_k3f9x2m7qd".to_owned(),
            closed_at: at("2026-04-01T22:30:00Z"),
            erased_at: None,
            is_held: false,
            gone: vec![
                Gone {
                    matter: Matter::Claims,
                    count: Some(3),
                    at: Some(at("2026-04-01T22:30:00Z")),
                },
                Gone { matter: Matter::PersonalData, count: None, at: None },
            ],
            kept: vec![Kept { matter: Matter::Buyer, count: 1, until: at("2036-04-01T22:30:00Z") }],
        }
    }

    #[test]
    fn it_says_what_is_gone_and_what_is_kept_and_why() {
        let page = certificate(Language::En).html();
        assert!(page.contains("<p class=\"seller\">A &amp; B</p>"), "{page}");
        assert!(page.contains("<dt>Closed</dt><dd>2026-04-02</dd>"), "{page}");
        assert!(page.contains("<dt>Erased</dt><dd>Under way</dd>"), "{page}");
        assert!(page.contains("<td class=\"figure\">3</td><td>2026-04-02</td>"), "{page}");
        assert!(page.contains("<td class=\"figure\"></td><td>waits</td>"), "{page}");
        let kept = "<td class=\"figure\">1</td><td>2036-04-02</td><td>Tax law asks";
        assert!(page.contains(kept), "{page}");
    }

    #[test]
    fn it_is_in_the_language_of_the_account() {
        let held = Certificate { is_held: true, ..certificate(Language::De) };
        let page = held.html();
        assert!(page.contains("<html lang=\"de\">") && page.contains("Gesetzlich aufgehalten"));
        let done = Certificate { erased_at: Some(at("2026-04-03T00:00:00Z")), ..held };
        assert!(done.html().contains("<dt>Gel\u{f6}scht</dt><dd>2026-04-03</dd>"));
    }
}
