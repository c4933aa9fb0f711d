//! Tokens: the words, texts, numbers and marks of the language.

use logos::Logos;

/// Declares the tokens that are fixed words or marks, with the text of each.
macro_rules! tokens {
    (statements { $($statement:ident $statement_text:literal)* }
     reserved { $($reserved:ident $reserved_text:literal)* }
     names { $($name:ident $name_text:literal)* }
     marks { $($mark:ident $mark_text:literal)* }) => {
        /// A token. Texts hold what stands between the quotes, escapes untouched.
        #[derive(Debug, Clone, Copy, PartialEq, Logos)]
        #[logos(skip r"[ \t\r\n\u{feff}]+")]
        #[logos(skip(r"//[^\n]*", allow_greedy = true))]
        pub(crate) enum Token<'s> {
            $(#[token($statement_text)] $statement,)*
            $(#[token($reserved_text)] $reserved,)*
            $(#[token($name_text)] $name,)*
            $(#[token($mark_text)] $mark,)*
            #[regex("(second|minute|hour|day|week)s?", priority = 20)]
            Unit(&'s str),
            #[regex("[A-Za-z_][A-Za-z0-9_]*")]
            Word(&'s str),
            #[regex(r"[A-Za-z0-9_]*\*[A-Za-z0-9_*]*")]
            Glob(&'s str),
            #[regex("-?[0-9]+")]
            Integer(&'s str),
            #[regex("[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?")]
            Instant(&'s str),
            #[regex(r#""([^"\\\n]|\\[^\n])*""#, |lexer| inner(lexer.slice()))]
            Text(&'s str),
        }

        impl<'s> Token<'s> {
            /// The words that are names where no clause of theirs can stand.
            pub(crate) const NAMES: &'static [&'static str] = &[$($name_text),*];

            /// Whether the token starts a statement.
            pub(crate) fn starts_statement(self) -> bool {
                matches!(self, $(Self::$statement)|*)
            }

            /// Whether the token is a word of the language, and so no name outside a path.
            pub(crate) fn is_reserved(self) -> bool {
                self.starts_statement() || matches!(self, $(Self::$reserved)|*)
            }
        }
    };
}

tokens! {
    statements {
        Edition "edition" Use "use" Server "server" Scope "scope" Capability "capability"
        Group "group" Clients "clients" Client "client" Consent "consent" Allow "allow"
        Deny "deny" Require "require" Register "register" Let "let" Parameter "parameter"
        Delegate "delegate" Fact "fact" Import "import" Template "template"
    }
    reserved {
        Access "access" And "and" Or "or" Not "not" In "in" Has "has" Like "like" Under "under" Is "is" All "all"
        Any "any" Via "via" To "to" When "when" Unless "unless" Because "because" Where "where"
        Without "without" With "with" Else "else" For "for" On "on" From "from" Issued "issued" By "by" Implies "implies"
        Anyone "anyone" User "user" Machine "machine" Nothing "nothing" Except "except"
        True "true" False "false"
    }
    names {
        Acr "acr" Again "again" Ask "ask" Catalogue "catalogue" Change "change" Claim "claim"
        Confirm "confirm" Credentials "credentials" Extend "extend" Grants "grants"
        Issuer "issuer" Keep "keep" Lasts "lasts" Local "local" May "may" Metadata "metadata"
        Needs "needs" Network "network" Owner "owner" Pending "pending" Pin "pin"
        Prompts "prompts" Purpose "purpose" Reauthenticate "reauthenticate" Redirect "redirect"
        Request "request" Required "required" Resource "resource" Resources "resources"
        Review "review" Shown "shown" Tools "tools" Trusted "trusted" Was "was" What "what"
        Within "within"
    }
    marks {
        OpenBrace "{" CloseBrace "}" OpenBracket "[" CloseBracket "]" OpenParenthesis "("
        CloseParenthesis ")" Comma "," Dot "." Assign "=" Equal "==" NotEqual "!=" Less "<" LessEqual "<="
        Greater ">" GreaterEqual ">="
    }
}

fn inner(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default()
}
