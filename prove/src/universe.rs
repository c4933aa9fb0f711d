//! What holds of every call, whatever the versions say: how the facts of one call hang together.
//!
//! Each is an assumption of the certificate. Those about arguments come from the analysis of
//! conditions, and are listed as trusted.

use placet_engine::bundle::Content;
use placet_engine::call::Registration;
use placet_engine::condition::{
    Argument, ArgumentType, Atom, Attribute, Function, Literal, Operand, Quantifier, Side, Test,
};
use placet_engine::glob::Glob;
use placet_engine::url;
use placet_engine::view::View;
use placet_language::analysis::{Budget, Formula, Wish, satisfiable};
use serde_json::json;

use crate::expr::{
    Expr, all, any, binary, equal, has, implies, is_one_of, is_text, member, not, number, path,
    text, truth,
};
use crate::rewrite::client_is;
use crate::vocabulary::Vocabulary;

/// Something that holds of every call.
pub(crate) struct Assumption {
    pub(crate) holds: Expr,
    /// What is to be told of it; `None` of what follows from the form of a call.
    pub(crate) told: Option<String>,
}

fn plain(holds: Expr) -> Assumption {
    Assumption { holds, told: None }
}

/// How the facts hang together.
pub(crate) fn assumptions(
    vocabulary: &Vocabulary,
    contents: &[&Content],
    budget: impl Fn() -> Budget,
) -> Vec<Assumption> {
    let mut found: Vec<Assumption> = vocabulary.definitions().map(plain).collect();
    found.extend(people(vocabulary).into_iter().map(plain));
    found.extend(clients(contents).into_iter().map(plain));
    found.extend(token(vocabulary).into_iter().map(plain));
    found.extend(receipts(vocabulary).into_iter().map(plain));
    found.extend(arguments(vocabulary, budget));
    found.retain(|one| one.holds != truth(true));
    found
}

fn people(vocabulary: &Vocabulary) -> Vec<Expr> {
    let user = has(&path(&[]), "user");
    let is_user = json!({"is": {"left": {"Var": "principal"}, "entity_type": "User"}});
    let claims = vocabulary.claims.keys().map(|name| member(&path(&["claims"]), name));
    let receipts = vocabulary.receipts.keys().map(|name| member(&path(&["receipts"]), name));
    vec![equal(&is_user, &user), implies(not(user), not(any(claims.chain(receipts))))]
}

fn clients(contents: &[&Content]) -> Vec<Expr> {
    let client = path(&["client"]);
    let registration = member(&client, "registration");
    let document = all([
        equal(&registration, &text(Registration::MetadataDocument.as_str())),
        not(has(&client, "issuer")),
    ]);
    let mut found = vec![
        is_one_of(&registration, Registration::ALL.iter().map(|one| one.as_str())),
        implies(has(&client, "domain"), document.clone()),
    ];
    let mut known: Vec<&str> = Vec::new();
    for one in contents.iter().flat_map(|content| content.clients.values()) {
        if one.issuer.is_some() || known.contains(&one.id.as_str()) {
            continue;
        }
        known.push(&one.id);
        let host = url::parse(&one.id).filter(|url| url.scheme == "https").map(|url| url.host);
        let domain = match host {
            Some(host) => is_text(&client, "domain", &host),
            None => not(has(&client, "domain")),
        };
        found.push(implies(all([client_is(None, &one.id), document.clone()]), domain));
    }
    found
}

fn token(vocabulary: &Vocabulary) -> Vec<Expr> {
    let token = path(&["token"]);
    let kind = member(&token, "kind");
    let is = |word: &str| equal(&kind, &text(word));
    let of_oauth = ["issuer", "audience", "subject", "client_id"].map(|name| has(&token, name));
    let only_oauth = ["issuer", "audience", "subject", "client_id", "acr", "auth_age"];
    let dated = any([is("oauth"), is("api_key")]);
    let times = any(["issued_at", "expires_at"].map(|name| has(&token, name)));
    let scopes = vocabulary.scopes.iter().map(|name| member(&path(&["scopes"]), name));
    let mut found = vec![
        is_one_of(&kind, ["oauth", "api_key", "local", "none"]),
        implies(is("oauth"), all(of_oauth)),
        implies(not(is("oauth")), not(any(only_oauth.map(|name| has(&token, name))))),
        implies(not(dated), not(any(std::iter::once(times).chain(scopes)))),
    ];
    let later = |later: Expr, earlier: Expr, there: Expr, name: &'static str| {
        let difference = json!({"-": {"left": later, "right": earlier}});
        let is_later = binary("<=", &earlier, &later);
        json!({"if-then-else": {
            "if": all([there, is_later]),
            "then": all([has(&token, name), equal(&member(&token, name), &difference)]),
            "else": not(has(&token, name)),
        }})
    };
    let at = |name: &str| member(&token, name);
    if vocabulary.reads.contains("age") {
        found.push(later(path(&["now"]), at("issued_at"), has(&token, "issued_at"), "age"));
    }
    if vocabulary.reads.contains("lifetime") {
        let there = all([has(&token, "issued_at"), has(&token, "expires_at")]);
        found.push(later(at("expires_at"), at("issued_at"), there, "lifetime"));
    }
    let is_natural = |record: &Expr, name: &str| {
        implies(has(record, name), binary("<=", &number(0), &member(record, name)))
    };
    if vocabulary.reads.contains("auth_age") {
        found.push(is_natural(&token, "auth_age"));
    }
    if vocabulary.reads.contains("confirmation_age") {
        let call = path(&["call"]);
        for name in ["confirmation_age", "old_confirmation_age"] {
            found.push(is_natural(&call, name));
            found.push(implies(has(&call, name), has(&path(&[]), "user")));
        }
        // An operation has one digest.
        found.push(not(all([has(&call, "confirmation_age"), has(&call, "old_confirmation_age")])));
    }
    found
}

fn receipts(vocabulary: &Vocabulary) -> Vec<Expr> {
    let fact = |name: &String| member(&path(&["receipts"]), name);
    let mut found = Vec::new();
    for (name, one) in &vocabulary.receipts {
        for (other_name, other) in &vocabulary.receipts {
            if name != other_name && one.implies(other) {
                found.push(implies(fact(name), fact(other_name)));
            }
        }
    }
    found
}

/// Something that the solver takes as a free fact about an argument, and the atom that says the same.
struct Item {
    expr: Expr,
    wish: Wish,
    name: String,
}

fn item(expr: Expr, atom: Atom, side: Side, name: String) -> Item {
    Item { expr, wish: Wish { atom, side, wanted: true }, name }
}

fn of(argument: &Argument) -> Operand {
    Operand { view: None, attribute: Attribute::Argument(argument.clone()) }
}

fn atom(operand: Operand, test: Test) -> Atom {
    Atom { quantifier: None, operand, test, negated: false }
}

/// A test that every value of a type passes.
fn some_value(kind: ArgumentType) -> Option<Test> {
    match kind {
        ArgumentType::String => Some(Test::Like(Glob::parse("*"))),
        ArgumentType::Integer => Some(Test::AtLeast(i64::MIN)),
        ArgumentType::Boolean => {
            Some(Test::OneOf(vec![Literal::Boolean(true), Literal::Boolean(false)]))
        }
        ArgumentType::Strings => None,
    }
}

fn arguments(vocabulary: &Vocabulary, budget: impl Fn() -> Budget) -> Vec<Assumption> {
    let mut items = Vec::new();
    for (name, (atom, side)) in &vocabulary.quantified {
        let expr = member(&path(&["facts"]), name);
        items.push(item(expr, atom.clone(), *side, name.clone()));
    }
    for (name, argument) in &vocabulary.present {
        let expr = member(&path(&["present"]), name);
        let there = atom(of(argument), Test::Present);
        items.push(item(expr, there, Side::Allow, format!("{name} is present")));
    }
    for (name, argument) in &vocabulary.arguments {
        if let Some(test) = some_value(argument.kind) {
            let expr = has(&path(&["args"]), name);
            let name = format!("{name} is there");
            items.push(item(expr, atom(of(argument), test), Side::Allow, name));
        }
    }
    for (name, (operand, _)) in &vocabulary.views {
        let test = match operand.view {
            Some(View::UrlPort) => Test::AtLeast(i64::MIN),
            Some(View::Path) => Test::UnderFolder(String::from("/")),
            _ => Test::Like(Glob::parse("*")),
        };
        let expr = has(&path(&["views"]), name);
        let name = format!("{name} can be taken");
        items.push(item(expr, atom(operand.clone(), test), Side::Allow, name));
    }
    let mut found = Vec::new();
    for (place, one) in items.iter().enumerate() {
        impossible(&[one], &budget, &mut found);
        for other in items.iter().skip(place.saturating_add(1)) {
            if shares_root(&one.wish, &other.wish) {
                impossible(&[one, other], &budget, &mut found);
            }
        }
    }
    for (name, argument) in &vocabulary.arguments {
        // Facts are no part of the operation's digest.
        if argument.kind == ArgumentType::Integer && argument.computed.is_none() {
            // Beyond ±2⁵³ there is no digest.
            let (args, bound) = (path(&["args"]), 1_i64 << 53);
            let value = member(&args, name);
            let beyond = any([
                binary("<", &value, &number(bound.saturating_neg())),
                binary(">", &value, &number(bound)),
            ]);
            let large = path(&["large_integer"]);
            found.push(plain(implies(all([has(&args, name), beyond]), large)));
        }
    }
    found
}

/// What may have to do with one another: an argument with all its members, or a fact.
fn root(operand: &Operand) -> Option<(Option<&Function>, &[String])> {
    match &operand.attribute {
        Attribute::Argument(argument) => Some(match &argument.computed {
            None => (None, argument.path.get(..1).unwrap_or_default()),
            Some(_) => argument.identity(),
        }),
        _ => None,
    }
}

fn shares_root(one: &Wish, other: &Wish) -> bool {
    root(&one.atom.operand) == root(&other.atom.operand)
}

/// Which of the ways in which some facts may be true or false no call has.
fn impossible(items: &[&Item], budget: &impl Fn() -> Budget, found: &mut Vec<Assumption>) {
    let ways = 1_usize << items.len().min(8);
    for way in 0..ways {
        let wanted = |place: usize| way & (1_usize << place) != 0;
        let wishes = items.iter().enumerate().map(|(place, item)| {
            Formula::Wish(Wish { wanted: wanted(place), ..item.wish.clone() })
        });
        if satisfiable(&Formula::All(wishes.collect()), &budget()) == Ok(None) {
            let facts = items.iter().enumerate().map(|(place, item)| match wanted(place) {
                true => item.expr.clone(),
                false => not(item.expr.clone()),
            });
            let words = items.iter().enumerate().map(|(place, item)| match wanted(place) {
                true => format!("({})", item.name),
                false => format!("not ({})", item.name),
            });
            let words: Vec<String> = words.collect();
            let quantified = |item: &&Item| {
                matches!(item.wish.atom.quantifier, Some(Quantifier::All | Quantifier::Any))
            };
            let told = items.iter().any(quantified);
            found.push(Assumption {
                holds: not(all(facts)),
                told: told.then(|| format!("no arguments are such that {}", words.join(" and "))),
            });
        }
    }
}
