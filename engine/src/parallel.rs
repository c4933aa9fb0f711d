//! Work on many items, shared among the processors where there are several: loading a bundle parses
//! and validates each of its policies, and none has to wait for another.

use crate::bundle::BundleError;

/// Fewer items than this are not worth a thread.
const WORTH_IT: usize = 256;

/// What a thread has for its stack: as much as a main thread, since Cedar walks its text recursively.
const STACK: usize = 8 << 20;

/// Does the work on all items, in their order. Of several errors the first in that order is told,
/// however many processors there are.
pub(crate) fn each_part<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, BundleError> + Sync,
) -> Result<Vec<R>, BundleError> {
    let workers = match items.len() < WORTH_IT || cfg!(target_family = "wasm") {
        true => 1,
        false => std::thread::available_parallelism().map_or(1, usize::from),
    };
    if workers < 2 {
        return work(items);
    }
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(items.len().div_ceil(workers).max(1))
            .map(|part| {
                let builder = std::thread::Builder::new().stack_size(STACK);
                (part, builder.spawn_scoped(scope, move || work(part)))
            })
            .collect();
        let mut done = Vec::with_capacity(items.len());
        for (part, thread) in parts {
            done.extend(match thread.map(|thread| thread.join()) {
                Ok(Ok(result)) => result?,
                Ok(Err(_)) => {
                    return Err(BundleError::Cedar(String::from("a thread of the load ended")));
                }
                // There are no threads to be had.
                Err(_) => work(part)?,
            });
        }
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_and_the_first_error_told() {
        let items: Vec<usize> = (0..10_000).collect();
        let double = each_part(&items, |part| Ok(part.iter().map(|one| one * 2).collect()));
        assert_eq!(double, Ok(items.iter().map(|one| one * 2).collect()));
        let refuse = |part: &[usize]| match part.iter().find(|one| **one % 4_000 == 3_999) {
            Some(bad) => Err(BundleError::Cedar(bad.to_string())),
            None => Ok(vec![()]),
        };
        assert_eq!(each_part(&items, refuse), Err(BundleError::Cedar(String::from("3999"))));
    }
}
