//! Clients that nothing tells apart: what holds of one of them holds of all.

use std::collections::{BTreeMap, BTreeSet};

use placet_engine::condition::{Attribute, Condition, Test};

use crate::analysis::{Budget, Undecided};
use crate::reach::client::{Admitted, ClientClass, clients};
use crate::reach::names::{ClientsId, Names};
use crate::reach::slice::{Admission, ServerPart, Slice};

/// Clients that slices of one feature, each of another version, treat alike.
pub(crate) struct Alike {
    pub(crate) clients: Vec<ClientClass>,
    /// How each version admits them; `None` where it does not.
    pub(crate) admitted: Vec<Option<Admitted>>,
}

/// All clients that the first of some versions admits at its server, those that are treated alike
/// together.
///
/// # Errors
///
/// [`Undecided`] where it cannot be told which clients are enough.
pub(crate) fn alike(
    slices: &[&Slice],
    versions: &[(&Admission, &ServerPart)],
    names: &Names,
    budget: &Budget,
) -> Result<Vec<Alike>, Undecided> {
    let conditions: Vec<&Condition> =
        slices.iter().flat_map(|slice| slice.conditions()).map(AsRef::as_ref).collect();
    let reads_client = conditions.iter().flat_map(|one| one.atoms()).any(|atom| {
        let of_client = |attribute: &Attribute| {
            matches!(attribute, Attribute::ClientId | Attribute::ClientRegistration)
        };
        of_client(&atom.operand.attribute)
            || matches!(&atom.test, Test::SameAs(other) if of_client(&other.attribute))
    });
    let mut spoken_of: BTreeSet<ClientsId> = BTreeSet::new();
    for slice in slices {
        spoken_of.extend(slice.paths.iter().filter_map(|(path, _)| path.clients));
        let bounds = slice.denies.iter().chain(&slice.requires);
        spoken_of.extend(bounds.filter_map(|(bound, _)| bound.clients));
        spoken_of.extend(slice.consents().filter_map(|consent| consent.clients));
    }
    // The last version first: its metadata is what a host most likely sees.
    let admissions: Vec<&Admission> =
        versions.iter().rev().map(|(admission, _)| *admission).collect();
    let mut found: BTreeMap<_, Alike> = BTreeMap::new();
    for class in clients(&admissions, &conditions, budget)? {
        let admitted: Vec<Option<Admitted>> =
            versions.iter().map(|(admission, server)| class.admitted(admission, server)).collect();
        if admitted.first().is_none_or(Option::is_none) {
            continue;
        }
        let among: Vec<bool> =
            spoken_of.iter().map(|id| class.is_among(Some(*id), names)).collect();
        let itself = reads_client.then(|| (class.client.id.clone(), class.client.registration));
        let key = (admitted.clone(), among, class.client.issuer.clone(), itself);
        found
            .entry(key)
            .or_insert_with(|| Alike { clients: Vec::new(), admitted })
            .clients
            .push(class);
    }
    Ok(found.into_values().collect())
}
