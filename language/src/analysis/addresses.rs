//! Addresses: one of each part into which the named networks cut the address space.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use placet_engine::condition::{Literal, Test};

use crate::analysis::Undecided;

/// The first bits of an address, as many as count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    v4: bool,
    bits: u128,
    length: u8,
}

impl Prefix {
    fn of(address: IpAddr, length: u8) -> Self {
        let bits = match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        };
        Self { v4: address.is_ipv4(), bits, length }
    }

    /// The prefix of the same first bits whose last bit is the other.
    fn sibling(self) -> Option<Self> {
        let last = 128_u32.checked_sub(u32::from(self.length))?;
        let flipped = self.bits ^ 1_u128.checked_shl(last)?;
        let kept = u128::MAX.checked_shl(last)?;
        Some(Self { bits: flipped & kept, ..self })
    }

    fn shorter(self) -> Option<Self> {
        let length = self.length.checked_sub(1)?;
        let dropped = 128_u32.checked_sub(u32::from(length))?;
        let kept = u128::MAX.checked_shl(dropped).unwrap_or(0);
        Some(Self { length, bits: self.bits & kept, ..self })
    }

    /// Its first address; `None` where that stands for an IPv4 address in IPv6 clothes.
    fn first(self) -> Option<IpAddr> {
        match self.v4 {
            true => {
                u32::try_from(self.bits >> 96).ok().map(|bits| Ipv4Addr::from_bits(bits).into())
            }
            false => {
                let address = Ipv6Addr::from_bits(self.bits);
                address.to_ipv4_mapped().is_none().then_some(address.into())
            }
        }
    }
}

/// An address of every part that the tests tell apart.
pub(super) fn representatives<'t>(
    tests: impl IntoIterator<Item = &'t Test>,
) -> Result<BTreeSet<IpAddr>, Undecided> {
    // IPv4 addresses in IPv6 clothes are no addresses of their own, so they are a part to avoid.
    let mapped = Prefix::of(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0).into(), 96);
    let mut prefixes = BTreeSet::from([
        mapped,
        Prefix::of(Ipv4Addr::UNSPECIFIED.into(), 0),
        Prefix::of(Ipv6Addr::UNSPECIFIED.into(), 0),
    ]);
    let of = |literal: &Literal| match literal {
        Literal::Address(address) => {
            Ok(Prefix::of(*address, if address.is_ipv4() { 32 } else { 128 }))
        }
        _ => Err(Undecided::Unknown),
    };
    for test in tests {
        match test {
            Test::Equals(literal) => {
                prefixes.insert(of(literal)?);
            }
            Test::OneOf(literals) => {
                for literal in literals {
                    prefixes.insert(of(literal)?);
                }
            }
            Test::UnderNetwork(network) => {
                let written = network.to_string();
                let parts = written.split_once('/');
                let read = parts.and_then(|(address, length)| {
                    Some(Prefix::of(address.parse().ok()?, length.parse().ok()?))
                });
                prefixes.insert(read.ok_or(Undecided::Unknown)?);
            }
            _ => return Err(Undecided::Unknown),
        }
    }
    // Every part is a prefix, or what lies beside the way to one.
    let mut parts = BTreeSet::new();
    for prefix in prefixes {
        parts.insert(prefix);
        let mut at = Some(prefix);
        while let Some(prefix) = at {
            if prefix.length > 0 {
                parts.extend(prefix.sibling());
            }
            at = prefix.shorter();
        }
    }
    Ok(parts.into_iter().filter_map(Prefix::first).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use placet_engine::network::Network;

    #[test]
    fn every_part_has_an_address() {
        // Networks that begin alike, and so tell apart only what does not begin so.
        let named = ["10.0.0.0/8", "10.0.0.0/16", "0.0.0.0/2", "2001:db8::/32", "2001:db8::/48"];
        let networks = named.map(|one| Network::parse(one).unwrap());
        let found = representatives(&networks.map(Test::UnderNetwork)).unwrap();
        let within = |one: IpAddr| networks.map(|network| network.contains(one));
        let known: BTreeSet<_> = found.into_iter().map(within).collect();
        for one in
            ["10.0.0.9", "10.1.0.0", "11.0.0.1", "200.0.0.1", "2001:db8::9", "2001:db8:1::", "::9"]
        {
            assert!(known.contains(&within(one.parse().unwrap())), "{one}");
        }
    }
}
