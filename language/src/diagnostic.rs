//! Diagnostics: what is wrong with a policy, where, why, and what to do.

use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, Severity, SourceCode};

use crate::source::{Sources, Span};

/// Declares the codes: variant and stable string. Everything else about a code is on its page in
/// `spec/diagnostics`, one file each.
macro_rules! codes {
    ($($variant:ident, $text:literal;)*) => {
        /// What kind of mistake a diagnostic reports. The strings are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable string, such as `name.unknown`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The page about it, in Markdown: what it means, why it matters, an example that yields
            /// it and the example mended.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => {
                        include_str!(concat!("../../spec/diagnostics/", $text, ".md"))
                    })*
                }
            }
        }
    };
}

codes! {
    FileUnreadable, "file.unreadable";
    FileEmpty, "file.empty";
    FileCycle, "file.cycle";
    Limit, "limit";
    EditionMissing, "edition.missing";
    EditionUnknown, "edition.unknown";
    HiddenCharacter, "file.hidden-character";
    Syntax, "syntax";
    SyntaxStatement, "syntax.statement";
    SyntaxUnfinished, "syntax.unfinished";
    SyntaxUnclosed, "syntax.unclosed";
    SyntaxCharacter, "syntax.character";
    SyntaxEscape, "syntax.escape";
    Reserved, "syntax.reserved";
    ClauseRepeated, "clause.repeated";
    ClauseMissing, "clause.missing";
    ClauseMisplaced, "clause.misplaced";
    NameRepeated, "name.repeated";
    NameUnknown, "name.unknown";
    Cycle, "name.cycle";
    ValueAccess, "value.access";
    ValueClientId, "value.client-id";
    ValueConstant, "value.constant";
    ValueCredentials, "value.credentials";
    ValueDigest, "value.digest";
    ValueDomain, "value.domain";
    ValueDuration, "value.duration";
    ValueEmpty, "value.empty";
    ValueFile, "value.file";
    ValueInstant, "value.instant";
    ValueNetwork, "value.network";
    ValueNumber, "value.number";
    ValuePath, "value.path";
    ValuePresence, "value.presence";
    ValueRedirect, "value.redirect";
    ValueRegistration, "value.registration";
    ValueResource, "value.resource";
    ValueScope, "value.scope";
    ValueUnit, "value.unit";
    ValueUrl, "value.url";
    ParameterMissing, "parameter.missing";
    ParameterConflict, "parameter.conflict";
    CatalogueUnreadable, "catalogue.unreadable";
    CatalogueUntyped, "catalogue.untyped";
    ToolUnknown, "tool.unknown";
    ArgumentUnknown, "argument.unknown";
    ArgumentType, "argument.type";
    TypeMismatch, "type.mismatch";
    DenyOptional, "deny.optional";
    CapabilityEmpty, "capability.empty";
    FactName, "fact.name";
    FactComponent, "fact.component";
    FactArgument, "fact.argument";
    FactType, "fact.type";
    FactUnused, "fact.unused";
    SelectorUntrusted, "capability.untrusted";
    ResourcePattern, "capability.resource";
    ToolAmbiguous, "capability.ambiguous";
    ScopeUnused, "scope.unused";
    PinUnreviewed, "pin.unreviewed";
    ViewUnknown, "view.unknown";
    ConfirmedMisplaced, "require.confirmed";
    RequireUnmet, "require.unmet";
    MachineConsent, "rule.machine-consent";
    ConsentClients, "rule.consent-clients";
    NeverGranted, "rule.never-granted";
    Unreachable, "rule.unreachable";
    Unlocked, "lock.missing";
    LockUnreadable, "lock.unreadable";
    LockDrift, "lock.drift";
    LockWidened, "lock.widened";
    LockComponent, "lock.component";
    CaseSyntax, "case.syntax";
    CaseUnresolved, "case.unresolved";
    CaseFailed, "case.failed";
    QuestionSyntax, "question.syntax";
    QuestionUnknown, "question.unknown";
    ScanSecret, "scan.secret";
    ScanUnpinned, "scan.unpinned";
    ScanHttp, "scan.http";
    ScanUncovered, "scan.uncovered";
    ScanUnreadable, "scan.unreadable";
    Shadowed, "rule.shadowed";
    Impossible, "rule.impossible";
    Redundant, "rule.redundant";
    CapabilityUnused, "capability.unused";
    ConsentUnused, "consent.unused";
    ConsentGrown, "consent.grown";
    ConsentReworded, "consent.reworded";
    ConsentMild, "consent.mild";
    ConsentEndless, "consent.endless";
    ConsentExtends, "consent.extends";
    ConsentOutlived, "consent.outlived";
    ConsentAnyClient, "consent.any-client";
    ConsentPurposeless, "consent.purposeless";
    ConsentUnstated, "consent.unstated";
    ConsentNameless, "consent.nameless";
    CapabilityUnderstated, "capability.understated";
    DriftAdded, "drift.added";
    DriftRemoved, "drift.removed";
    DriftRenamed, "drift.renamed";
    DriftWidened, "drift.widened";
    DriftNarrowed, "drift.narrowed";
    DriftReworded, "drift.reworded";
    DriftSuspicious, "drift.suspicious";
    DriftBroken, "drift.broken";
    LockStale, "lock.stale";
    ToolUncovered, "tool.uncovered";
    ToolDeceptive, "tool.deceptive";
    AccessName, "access.name";
    AccessAnnotation, "access.annotation";
    AccessScope, "access.scope";
    ScopeOmnibus, "scope.omnibus";
    ScopeMixed, "scope.mixed";
    ScopeRedundant, "scope.redundant";
    ScopeShared, "scope.shared";
    ScopeMeaning, "scope.meaning";
    ScopeUnsupported, "scope.unsupported";
    ScopeUndeclared, "scope.undeclared";
    MetadataMismatch, "metadata.mismatch";
    RegistrationUnreviewed, "registration.unreviewed";
    RegistrationAnyRedirect, "registration.any-redirect";
    RegistrationDestructive, "registration.destructive";
    RedirectWildcard, "redirect.wildcard";
    RedirectHttp, "redirect.http";
    ClientUnowned, "client.unowned";
    ClientUnreviewed, "client.unreviewed";
    ClientBlocked, "client.blocked";
    RegistryUnknown, "registry.unknown";
    RegistryRate, "registry.rate";
    CredentialsUnbound, "credentials.unbound";
    CredentialsEndless, "credentials.endless";
    ServerHttp, "server.http";
    TokenUnbounded, "token.unbounded";
    RuleAnyone, "rule.anyone";
    RuleWithoutConsent, "rule.without-consent";
    RuleUnguarded, "rule.unguarded";
    RuleReasonless, "rule.reasonless";
    DenyAbsent, "deny.absent";
    DenyList, "deny.list";
    ConditionGlob, "condition.glob";
    SettingsUnused, "settings.unused";
    AllowanceUnusable, "allowance.unusable";
    AllowanceExpired, "allowance.expired";
    AllowanceUnused, "allowance.unused";
}

impl Code {
    /// What it means, in one sentence: the first of its page.
    pub fn meaning(self) -> &'static str {
        let mut paragraphs = self.page().split("\n\n");
        paragraphs.nth(1).unwrap_or_default().trim()
    }

    /// Why it matters: its page between the meaning and the example, in Markdown.
    pub fn why(self) -> &'static str {
        let (before, _) = self.page().split_once("\n## Example\n").unwrap_or((self.page(), ""));
        let (_, after) = before.split_once(self.meaning()).unwrap_or(("", before));
        after.trim()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Something to be said about a policy.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What kind of mistake it is.
    pub code: Code,
    /// Whether the policy is unusable for it.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    source: Option<Arc<NamedSource<String>>>,
    /// The index of the source.
    file: usize,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Elsewhere>,
}

impl Diagnostic {
    /// An error that concerns no place in a text.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: printable(&message.into()),
            help: None,
            source: None,
            file: 0,
            labels: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// Makes this a warning: the policy is usable.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Points at a place. The first place is the main one.
    #[must_use]
    pub fn at(mut self, sources: &Sources, span: Span, label: impl Into<String>) -> Self {
        let Some(source) = sources.get(span.file) else { return self };
        let label = LabeledSpan::at(span.start..span.end.max(span.start), printable(&label.into()));
        if self.source.is_none() {
            self.file = span.file;
        }
        let here = self.source.get_or_insert_with(|| Arc::clone(source));
        if Arc::ptr_eq(here, source) {
            self.labels.push(label);
        } else {
            self.elsewhere.push(Elsewhere { source: Arc::clone(source), label });
        }
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(printable(&help.into()));
        self
    }

    /// Whether the policy is unusable for this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The main place.
    pub(crate) fn place(&self) -> Option<Span> {
        let label = self.labels.first()?;
        let end = label.offset().saturating_add(label.len());
        Some(Span { file: self.file, start: label.offset(), end })
    }

    /// The underlined text of the main place.
    pub fn underlined(&self) -> Option<&str> {
        let span = self.labels.first()?.inner();
        let end = span.offset().checked_add(span.len())?;
        self.source.as_ref()?.inner().get(span.offset()..end)
    }

    /// The file of the main place.
    pub fn file(&self) -> Option<&str> {
        self.source.as_ref().map(|source| source.name())
    }

    /// The line and column of the main place, from 1; columns count characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        let offset = self.labels.first()?.offset();
        let before = self.source.as_ref()?.inner().get(..offset)?;
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next()?.chars().count().saturating_add(1);
        Some((line, column))
    }

    /// The bytes of the longest line that a picture of the places would show.
    pub fn longest_line(&self) -> usize {
        let Some(text) = self.source.as_ref().map(|source| source.inner().as_str()) else {
            return 0;
        };
        let line = |label: &LabeledSpan| {
            let before = text.get(..label.offset()).unwrap_or_default();
            let after = text.get(label.offset()..).unwrap_or_default();
            let start = before
                .len()
                .saturating_sub(before.rfind('\n').map_or(0, |at| at.saturating_add(1)));
            start.saturating_add(after.find('\n').unwrap_or(after.len()))
        };
        self.labels.iter().map(line).max().unwrap_or(0)
    }

    /// Whether the input could not be read at all, so that nothing is known of the policy.
    pub fn is_about_input(&self) -> bool {
        matches!(
            self.code,
            Code::FileUnreadable
                | Code::FileEmpty
                | Code::CatalogueUnreadable
                | Code::ScanUnreadable
        )
    }

    /// Where to show it among others: by file, then by place.
    pub fn sort_key(&self) -> (Option<String>, usize) {
        let offset = self.labels.first().map_or(0, LabeledSpan::offset);
        (self.file().map(str::to_owned), offset)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        let related = self.elsewhere.iter().map(|one| one as &dyn miette::Diagnostic);
        Some(Box::new(related))
    }
}

/// A place in another file that belongs to a diagnostic.
#[derive(Debug, Clone)]
struct Elsewhere {
    source: Arc<NamedSource<String>>,
    label: LabeledSpan,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label.label().unwrap_or("here"))
    }
}

impl std::error::Error for Elsewhere {}

impl miette::Diagnostic for Elsewhere {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

/// Escapes what does not print: names in a catalogue are somebody else's text, and a terminal obeys
/// control characters.
pub(crate) fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => printed.push(character),
            other => printed.extend(other.escape_debug()),
        }
    }
    printed
}

/// ``; did you mean `…`?`` for the nearest of the known names, if one is near.
pub fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    // Nobody mistypes a name of this length, and the comparison takes the product of both.
    const LONGEST: usize = 200;
    if name.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    let (distance, nearest) = known
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len() <= LONGEST)
        .map(|candidate| {
            (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate)
        })
        .min()?;
    let near = distance <= name.chars().count().div_ceil(3).min(4);
    near.then(|| format!("did you mean `{nearest}`?"))
}
