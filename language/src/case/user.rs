//! Users: whose they are, and the claims that make them members of groups.

use std::collections::BTreeSet;

use placet_engine::bundle::{Content, Group};
use placet_engine::call;
use serde_json::{Map, Value};

use crate::case::ast::User;
use crate::case::places::Part;
use crate::case::resolve::{Place, Unresolved, accepted, issuers};

/// The user of a call at a place, through a client of an issuer.
pub(crate) fn resolve(
    user: &User,
    content: &Content,
    client_issuer: Option<&str>,
    place: &Place<'_>,
) -> Result<call::User, Unresolved> {
    let groups = needed(&user.groups, content)?;
    let issuer = match &user.issuer {
        Some(issuer) => issuer.clone(),
        None => issuer(user, content, &groups, client_issuer, place)?,
    };
    let mut claims = user.claims.clone().unwrap_or_default();
    for name in groups {
        if let Some(group) = content.groups.get(name) {
            join(&mut claims, group).ok_or_else(|| {
                Unresolved::new(
                    Part::User,
                    format!("the claims do not let the user be in group `{name}`"),
                    "these do not fit together",
                )
                .help(format!("the group needs claim `{}`", group.claim.join(".")))
            })?;
        }
    }
    Ok(call::User { issuer, subject: user.subject.clone(), claims })
}

/// The groups with all that a member must be in as well.
fn needed<'c>(
    names: &BTreeSet<String>,
    content: &'c Content,
) -> Result<BTreeSet<&'c String>, Unresolved> {
    let mut needed = BTreeSet::new();
    let mut left: Vec<&String> = names.iter().collect();
    while let Some(name) = left.pop() {
        let Some((name, group)) = content.groups.get_key_value(name) else {
            return Err(Unresolved::unknown(Part::Group, "group", name, content.groups.keys()));
        };
        if needed.insert(name) {
            left.extend(&group.and_in);
        }
    }
    Ok(needed)
}

/// Whose user it is, where the case does not say: of the groups' issuer, else the client's, else the
/// only one that the server accepts, else the only one that the policy names. A local server of a
/// policy that names none has users of its own.
fn issuer(
    user: &User,
    content: &Content,
    groups: &BTreeSet<&String>,
    client_issuer: Option<&str>,
    place: &Place<'_>,
) -> Result<String, Unresolved> {
    let declared = groups.iter().filter_map(|name| content.groups.get(*name));
    let of_groups: BTreeSet<&str> = declared.map(|group| group.issuer.as_str()).collect();
    let of_server: BTreeSet<&str> =
        accepted(place.declared).into_iter().map(String::as_str).collect();
    let of_policy: BTreeSet<&str> = issuers(content).into_keys().collect();
    let of_client: BTreeSet<&str> = client_issuer.into_iter().collect();
    let sources = [of_groups, of_client, of_server, of_policy];
    let Some(first) = sources.iter().find(|issuers| !issuers.is_empty()) else {
        return Ok(place.identity.clone());
    };
    match (first.first(), first.len()) {
        (Some(only), 1) => Ok((*only).to_owned()),
        _ => {
            let some: Vec<String> = first
                .iter()
                .take(8)
                .map(|issuer| format!("`{} of \"{issuer}\"`", user.subject))
                .collect();
            let message = format!("it is not clear whose user `{}` is", user.subject);
            Err(Unresolved::new(Part::User, message, "of which issuer?")
                .help(format!("write {}", some.join(" or "))))
        }
    }
}

/// Gives a user the claim that a group asks for, in an array of all that groups ask for there.
/// `None` where something else stands in its place.
pub(crate) fn join(claims: &mut Map<String, Value>, group: &Group) -> Option<()> {
    let (last, path) = group.claim.split_last()?;
    let mut within = claims;
    for name in path {
        let inside = within.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
        within = inside.as_object_mut()?;
    }
    match within.entry(last.clone()).or_insert_with(|| Value::Array(Vec::new())) {
        Value::Array(items) => {
            if !items.iter().any(|item| item.as_str() == Some(&group.has)) {
                items.push(Value::String(group.has.clone()));
            }
            Some(())
        }
        Value::String(text) => (*text == group.has).then_some(()),
        _ => None,
    }
}
