//! What travels with a call and is larger than a call: the messages that answer a fetch, the records of a log.
//!
//! A parcel belongs to a pair of nodes that have at most one exchange of its kind under way: the sender fills it and sends its id, the
//! receiver reads it when the call arrives. So parcels are made once, reused for ever, and none is lost with a lost call.

/// One thing in a parcel: three words whose meaning is that of sender and receiver.
pub type Item = [u64; 3];

/// Address of a parcel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParcelId(pub u32);

/// All parcels of a simulation.
#[derive(Clone, Debug, Default)]
pub(super) struct Parcels {
    contents: Vec<Vec<Item>>,
}

impl Parcels {
    /// An empty parcel.
    pub fn open(&mut self) -> ParcelId {
        self.contents.push(Vec::new());
        ParcelId(self.contents.len() as u32 - 1)
    }

    /// What is in it.
    pub fn get(&self, id: ParcelId) -> &[Item] {
        &self.contents[id.0 as usize]
    }

    /// What is in it, to change.
    pub fn get_mut(&mut self, id: ParcelId) -> &mut Vec<Item> {
        &mut self.contents[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_keep_what_was_put_into_them() {
        let mut parcels = Parcels::default();
        let [a, b] = [0; 2].map(|_| parcels.open());
        parcels.get_mut(a).push([1, 2, 3]);
        assert_eq!((parcels.get(a), parcels.get(b)), (&[[1, 2, 3]][..], &[][..]));
    }
}
