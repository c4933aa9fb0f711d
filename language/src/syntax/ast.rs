//! The syntax tree: statements as they are written, with the place of every part.

use crate::source::Span;

/// A statement.
#[derive(Debug, Clone)]
pub enum Statement {
    /// `edition 2026`
    Edition(Number),
    /// `use "path" with { … }`
    Use(Use),
    /// `parameter NAME [= "default"]`
    Parameter {
        /// The name.
        name: Name,
        /// What it is where no `use` says.
        default: Option<Text>,
    },
    /// `server NAME { … }`
    Server {
        /// The name.
        name: Name,
        /// The clauses, in any order.
        clauses: Vec<ServerClause>,
    },
    /// `scope "x" on SERVER implies "y", …`
    Scope {
        /// The scope.
        scope: Text,
        /// Its server.
        server: Name,
        /// What it stands for besides itself.
        implies: Vec<Text>,
    },
    /// `capability NAME "description" on SERVER { … }`
    Capability {
        /// The name.
        name: Name,
        /// What the user is shown.
        description: Text,
        /// The server.
        server: Name,
        /// The clauses, in any order.
        clauses: Vec<CapabilityClause>,
    },
    /// `group NAME [in GROUP, …] from claim "x" has "y" [issued by "…"] [and in GROUP …]`
    Group {
        /// The name.
        name: Name,
        /// Groups that every member is in as well.
        within: Vec<Name>,
        /// The claim's name, or a path of member names to it.
        claim: Vec<Text>,
        /// What the claim must be or hold.
        has: Text,
        /// The issuer whose claims count.
        issuer: Option<Given>,
        /// Groups that a member must be in.
        and_in: Vec<Name>,
    },
    /// `clients NAME { client … }`
    Clients {
        /// The name.
        name: Name,
        /// Its clients.
        clients: Vec<Client>,
    },
    /// `client NAME "id" …`
    Client(Client),
    /// `consent NAME "text" { … }`
    Consent {
        /// The name.
        name: Name,
        /// What the user is shown.
        text: Text,
        /// The clauses, in any order.
        clauses: Vec<ConsentClause>,
    },
    /// `let NAME = VALUE`
    Let {
        /// The name.
        name: Name,
        /// What it stands for.
        value: Constant,
    },
    /// `fact SPACE.FUNCTION from "component.wasm" on args.… is TYPE`
    Fact(Fact),
    /// `register KIND …`
    Register(Register),
    /// `require NAME … for TARGETS CONDITION else REMEDY`
    Require(Require),
    /// `allow NAME WHO via CLIENTS to CAPABILITIES …`
    Allow(Rule),
    /// `deny NAME WHO [via CLIENTS] to TARGETS …`
    Deny(Rule),
}

/// `use "path" [with { NAME "value" … }]`
#[derive(Debug, Clone)]
pub struct Use {
    /// The file, relative to the one that it stands in.
    pub path: Text,
    /// What the file's parameters stand for.
    pub arguments: Vec<(Name, Text)>,
}

/// `fact SPACE.FUNCTION from "component.wasm" on args.… is TYPE`
#[derive(Debug, Clone)]
pub struct Fact {
    /// What conditions call the component.
    pub space: Name,
    /// The component's function.
    pub function: Name,
    /// The component's file.
    pub component: Text,
    /// The argument that it is computed from.
    pub argument: Operand,
    /// What comes out.
    pub kind: Name,
}

impl Fact {
    /// What conditions call it.
    pub fn name(&self) -> Name {
        Name {
            text: format!("{}.{}", self.space.text, self.function.text),
            span: self.space.span.to(self.function.span),
        }
    }
}

/// A text, or a parameter of the file that stands for one.
#[derive(Debug, Clone)]
pub enum Given {
    /// A text.
    Text(Text),
    /// A parameter.
    Parameter(Name),
}

impl Given {
    /// The place.
    pub fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span,
            Self::Parameter(name) => name.span,
        }
    }
}

/// A name and its place.
#[derive(Debug, Clone)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A text in quotes.
#[derive(Debug, Clone)]
pub struct Text {
    /// What stands between the quotes, escapes untouched.
    pub raw: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// An integer.
#[derive(Debug, Clone)]
pub struct Number {
    /// The digits.
    pub digits: String,
    /// Their place.
    pub span: Span,
}

/// A number of units of time.
#[derive(Debug, Clone)]
pub struct Duration {
    /// How many.
    pub number: Number,
    /// Of what.
    pub unit: Name,
}

/// A clause of a server.
#[derive(Debug, Clone)]
pub enum ServerClause {
    /// `resource "uri"`
    Resource(Given),
    /// `local "name"`
    Local(Text),
    /// `issuer "uri", …`
    Issuer(Vec<Given>),
    /// `catalogue "path"`
    Catalogue(Text),
    /// `credentials KIND for LEVEL …`
    Credentials(Box<Credentials>),
    /// `trusted because "…"`
    Trusted(Option<Text>, Span),
    /// `pin tools`
    PinTools(Span),
    /// `pin clients`
    PinClients(Span),
}

/// `credentials KIND for LEVEL [from network "…", …] [lasts 90 days] because "…"`
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Which.
    pub kind: Name,
    /// The highest access level they reach.
    pub up_to: Name,
    /// Where a call with one must come from.
    pub networks: Vec<Text>,
    /// How old one may be.
    pub lasts: Option<Duration>,
    /// Why.
    pub because: Option<Text>,
    /// The whole clause.
    pub span: Span,
}

/// A clause of a capability.
#[derive(Debug, Clone)]
pub enum CapabilityClause {
    /// `tools a, b_*, "c-d"`, `tools where read_only`
    Tools(Selection),
    /// `prompts a, b_*`
    Prompts(Selection),
    /// `resources "repo://acme/*"`
    Resources(Vec<Text>),
    /// `access LEVEL`
    Access(Name),
    /// `needs "a" and "b" or "c"`
    Needs(Vec<Vec<Text>>, Span),
    /// `needs nothing because "…"`
    NeedsNothing(Option<Text>, Span),
    /// `where CONDITION`
    Where(Expression),
}

/// Tools or prompts of a catalogue.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Which.
    pub what: Selected,
    /// Which of them not.
    pub except: Vec<Pattern>,
    /// The whole clause.
    pub span: Span,
}

/// How tools are selected.
#[derive(Debug, Clone)]
pub enum Selected {
    /// By their names.
    Names(Vec<Pattern>),
    /// By what they say of themselves; all of these.
    Hints(Vec<Hint>),
}

/// `read_only`, `not open_world`
#[derive(Debug, Clone)]
pub struct Hint {
    /// Which hint.
    pub name: Name,
    /// Whether it must be false.
    pub negated: bool,
}

/// A tool by name, or a glob over tool names.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As in [`Glob::parse`](placet_engine::glob::Glob::parse), but for `\"` and the like.
    pub raw: String,
    /// Its place.
    pub span: Span,
}

/// `register KIND [from "domain", …] [issued by "…"] …`
#[derive(Debug, Clone)]
pub struct Register {
    /// The word that starts it.
    pub keyword: Span,
    /// How the clients register.
    pub kind: Name,
    /// Where their metadata documents are.
    pub domains: Vec<Text>,
    /// Where they are registered.
    pub issuer: Option<Given>,
    /// What follows, in any order.
    pub clauses: Vec<RegisterClause>,
}

/// A clause of a `register`.
#[derive(Debug, Clone)]
pub enum RegisterClause {
    /// `may request "scope", …`
    MayRequest(Vec<Text>),
    /// `may request nothing`
    MayRequestNothing(Span),
    /// `redirect loopback, "https://…"`
    Redirect(Vec<Redirect>),
    /// `pending review by "…" [within 7 days]`
    Pending {
        /// Who looks at it.
        by: Text,
        /// How long that may take.
        within: Option<Duration>,
        /// The whole clause.
        span: Span,
    },
}

/// A redirect URI, or a kind of them.
#[derive(Debug, Clone)]
pub enum Redirect {
    /// `loopback`, `same_domain`
    Kind(Name),
    /// `"https://app.example/callback"`
    Uri(Text),
}

/// `require NAME [WHO] [via CLIENTS] for TARGETS [CONDITION] [else REMEDY] [because "…"]`
#[derive(Debug, Clone)]
pub struct Require {
    /// The word that starts it.
    pub keyword: Span,
    /// The name.
    pub name: Name,
    /// Whom it concerns; empty: everybody.
    pub who: Vec<Who>,
    /// Through which clients.
    pub via: Option<Via>,
    /// What it guards.
    pub targets: Vec<Target>,
    /// What must hold.
    pub condition: Option<Expression>,
    /// What would make it hold.
    pub remedy: Option<(Remedy, Span)>,
    /// The author's reason.
    pub because: Option<Text>,
}

/// What follows `else`.
#[derive(Debug, Clone)]
pub enum Remedy {
    /// `reauthenticate [acr "…", …] [within 15 minutes]`
    Reauthenticate {
        /// Any of these authentication context classes.
        acr: Vec<Text>,
        /// How recent the login must be.
        within: Option<Duration>,
    },
    /// `confirm within 10 minutes`
    Confirm(Option<Duration>),
    /// `ask CONSENT`
    Ask(Name),
}

/// `client NAME "id" [issued by "…"] [owner "…"] [metadata "sha256-…"]`
#[derive(Debug, Clone)]
pub struct Client {
    /// The name.
    pub name: Name,
    /// The https URL of its metadata document, or its `client_id` at the issuer.
    pub id: Text,
    /// Where it is registered.
    pub issuer: Option<Given>,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// The digest of its metadata as they were reviewed.
    pub metadata: Option<Text>,
}

/// A clause of a consent.
#[derive(Debug, Clone)]
pub enum ConsentClause {
    /// `grants CAPABILITY, …`
    Grants(Vec<Name>),
    /// `purpose "…", …`
    Purpose(Vec<Text>),
    /// `purpose required`
    PurposeRequired(Span),
    /// `lasts 30 days`
    Lasts(Duration),
    /// `via CLIENTS`
    Via(Via),
    /// `on change …`
    OnChange(OnChange, Span),
    /// `was "old_name", …`
    Was(Vec<Text>),
}

/// What happens to receipts when what they cover changes.
pub use placet_engine::bundle::OnChange;

/// An `allow` or a `deny`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The word that starts it.
    pub keyword: Span,
    /// The name.
    pub name: Name,
    /// Whom it concerns.
    pub who: Vec<Who>,
    /// Through which clients.
    pub via: Option<Via>,
    /// What it allows or denies.
    pub targets: Vec<Target>,
    /// What an `allow` stands on.
    pub basis: Option<Basis>,
    /// What follows, in any order.
    pub clauses: Vec<RuleClause>,
}

/// What an `allow` stands on.
#[derive(Debug, Clone)]
pub enum Basis {
    /// `under CONSENT`
    Under(Name),
    /// `without consent`, which asks for a `because`.
    WithoutConsent(Span),
}

/// Whom a rule concerns.
#[derive(Debug, Clone)]
pub enum Who {
    /// `anyone`
    Anyone(Span),
    /// `machine`
    Machine(Span),
    /// A group.
    Group(Name),
    /// `user "subject" [issued by "…"]`
    User {
        /// The subject.
        subject: Text,
        /// Its issuer.
        issuer: Option<Given>,
    },
}

/// Through which clients.
#[derive(Debug, Clone)]
pub enum Via {
    /// `any client`
    Any(Span),
    /// Any of these.
    Through(Vec<Through>),
}

/// Clients that a rule speaks of.
#[derive(Debug, Clone)]
pub enum Through {
    /// A client, or a group of clients.
    Name(Name),
    /// `clients where registration is dynamic`
    Where {
        /// `registration` or `domain`.
        attribute: Name,
        /// What it must be.
        value: Choice,
        /// The whole selector.
        span: Span,
    },
}

/// What an attribute of a client must be.
#[derive(Debug, Clone)]
pub enum Choice {
    /// One of a few words.
    Word(Name),
    /// A text.
    Text(Text),
}

/// What a rule allows or denies.
#[derive(Debug, Clone)]
pub enum Target {
    /// A capability.
    Capability(Name),
    /// `access LEVEL`
    Access(Name, Span),
}

/// What may follow a rule's targets.
#[derive(Debug, Clone)]
pub enum RuleClause {
    /// `when CONDITION`
    When(Expression, Span),
    /// `unless CONDITION`
    Unless(Expression, Span),
    /// `because "…"`
    Because(Text),
}

/// A condition as it is written.
#[derive(Debug, Clone)]
pub enum Expression {
    /// `a and b and …`
    And(Vec<Expression>),
    /// `a or b or …`
    Or(Vec<Expression>),
    /// `not a`
    Not(Box<Expression>),
    /// One test.
    Test(Box<Test>),
}

impl Expression {
    /// Where the first thing that it reads stands.
    pub(crate) fn first_operand(&self) -> Option<Span> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.first().and_then(Self::first_operand),
            Self::Not(inner) => inner.first_operand(),
            Self::Test(test) => Some(test.operand.span),
        }
    }
}

/// One test of one operand.
#[derive(Debug, Clone)]
pub struct Test {
    /// `all` or `any`.
    pub quantifier: Option<(Quantifier, Span)>,
    /// What is tested.
    pub operand: Operand,
    /// The operator and what it compares with; `None`: a boolean by itself.
    pub operator: Option<(Operator, Span)>,
    /// The whole test.
    pub span: Span,
}

/// `all` or `any`.
pub use placet_engine::condition::Quantifier;

/// A path, or a view of one.
#[derive(Debug, Clone)]
pub struct Operand {
    /// The view.
    pub view: Option<Name>,
    /// The path: a word, then members.
    pub path: Vec<Name>,
    /// The part of what the view sees.
    pub part: Option<Name>,
    /// The whole operand.
    pub span: Span,
}

/// An operator with its right side.
#[derive(Debug, Clone)]
pub enum Operator {
    /// `== x`
    Equal(Value),
    /// `!= x`
    NotEqual(Value),
    /// `< x`
    Less(Value),
    /// `<= x`
    LessEqual(Value),
    /// `> x`
    Greater(Value),
    /// `>= x`
    GreaterEqual(Value),
    /// `in [x, …]`
    In(Members),
    /// `not in [x, …]`
    NotIn(Members),
    /// `has x`
    Has(Value),
    /// `not has x`
    NotHas(Value),
    /// `like x`
    Like(Value),
    /// `not like x`
    NotLike(Value),
    /// `under x`
    Under(Value),
    /// `not under x`
    NotUnder(Value),
    /// `is present`, `is absent`
    Is(Name),
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub enum Constant {
    /// One value.
    One(Value),
    /// A list.
    Many(List),
}

/// What `in` looks into.
#[derive(Debug, Clone)]
pub enum Members {
    /// A list, written out.
    List(List),
    /// A list by its name.
    Named(Name),
}

/// A list of constants.
#[derive(Debug, Clone)]
pub struct List {
    /// The constants.
    pub values: Vec<Value>,
    /// The brackets and what is between them.
    pub span: Span,
}

/// The right side of an operator.
#[derive(Debug, Clone)]
pub enum Value {
    /// A text.
    Text(Text),
    /// An integer.
    Integer(Number),
    /// A duration.
    Duration(Duration),
    /// An instant.
    Instant(Number),
    /// `true` or `false`.
    Boolean(bool, Span),
    /// Another attribute.
    Operand(Operand),
}

impl Value {
    /// The place.
    pub fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span,
            Self::Integer(number) | Self::Instant(number) => number.span,
            Self::Duration(duration) => duration.number.span.to(duration.unit.span),
            Self::Boolean(_, span) => *span,
            Self::Operand(operand) => operand.span,
        }
    }
}
