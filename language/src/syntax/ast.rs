//! The syntax tree: statements as they are written, with the place of every part.

use crate::source::Span;

/// A statement.
#[derive(Debug, Clone)]
pub enum Statement {
    /// `edition 2026`
    Edition(Number),
    /// `use "path"`
    Use(Text),
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
        issuer: Option<Text>,
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
    /// `allow NAME WHO via CLIENTS to CAPABILITIES …`
    Allow(Rule),
    /// `deny NAME WHO [via CLIENTS] to TARGETS …`
    Deny(Rule),
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
    Resource(Text),
    /// `local "name"`
    Local(Text),
    /// `issuer "uri", …`
    Issuer(Vec<Text>),
    /// `catalogue "path"`
    Catalogue(Text),
    /// `credentials KIND for LEVEL because "…"`
    Credentials {
        /// Which.
        kind: Name,
        /// The highest access level they reach.
        up_to: Name,
        /// Why.
        because: Option<Text>,
        /// The whole clause.
        span: Span,
    },
}

/// A clause of a capability.
#[derive(Debug, Clone)]
pub enum CapabilityClause {
    /// `tools a, b_*, "c-d"`
    Tools(Vec<Pattern>),
    /// `access LEVEL`
    Access(Name),
    /// `needs "a" and "b" or "c"`
    Needs(Vec<Vec<Text>>, Span),
    /// `needs nothing because "…"`
    NeedsNothing(Option<Text>, Span),
    /// `where CONDITION`
    Where(Expression),
}

/// A tool by name, or a glob over tool names.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As in [`Glob::parse`](placet_engine::glob::Glob::parse), but for `\"` and the like.
    pub raw: String,
    /// Its place.
    pub span: Span,
}

/// `client NAME "id" [issued by "…"] [owner "…"]`
#[derive(Debug, Clone)]
pub struct Client {
    /// The name.
    pub name: Name,
    /// The https URL of its metadata document, or its `client_id` at the issuer.
    pub id: Text,
    /// Where it is registered.
    pub issuer: Option<Text>,
    /// Who answers for it.
    pub owner: Option<Text>,
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
}

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
    /// A group.
    Group(Name),
    /// `user "subject" [issued by "…"]`
    User {
        /// The subject.
        subject: Text,
        /// Its issuer.
        issuer: Option<Text>,
    },
}

/// Through which clients.
#[derive(Debug, Clone)]
pub enum Via {
    /// `any client`
    Any(Span),
    /// Clients and groups of clients.
    Names(Vec<Name>),
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
