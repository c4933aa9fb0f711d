//! Names of Cedar entities.

use std::str::FromStr;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use crate::ProveError;

pub(crate) fn name(kind: &str) -> Result<EntityTypeName, ProveError> {
    EntityTypeName::from_str(kind).map_err(|error| ProveError::Unusable(error.to_string()))
}

pub(crate) fn uid(kind: &str, id: &str) -> Result<EntityUid, ProveError> {
    Ok(EntityUid::from_type_name_and_id(name(kind)?, EntityId::new(id)))
}
