//! The table of HAProxy's static policies: one place for each unit of weight, filled smoothly.
//!
//! For each place every server's score grows by its weight; the first server whose score has come closest to a whole round
//! (in whole rounds of the sum of all weights) takes the place and pays a round (`recalc_server_map` of HAProxy 2.6). For 5:3:2 the
//! table is `aabacababc`.

use super::Backend;

/// Which server has each place. Only servers in service have any.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    places: Vec<u32>,
}

impl Map {
    pub(super) fn new(backends: &[Backend]) -> Self {
        let weights: Vec<i64> = backends.iter().map(|server| i64::from(server.effective_weight())).collect();
        let total: i64 = weights.iter().sum();
        let mut scores = vec![0; weights.len()];
        let places = (0..total).map(|_| next(&weights, &mut scores, total)).collect();
        Map { places }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The first open server from a place on, and its place.
    pub(super) fn open_from(&self, place: usize, backends: &[Backend]) -> Option<(usize, usize)> {
        let places = (0..self.len()).map(|step| (place + step) % self.len());
        let mut servers = places.map(|place| (self.places[place] as usize, place));
        servers.find(|(server, _)| backends[*server].open)
    }
}

/// Who has the next place.
fn next(weights: &[i64], scores: &mut [i64], total: i64) -> u32 {
    let mut best = (i64::MIN, 0);
    for (at, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
        scores[at] += weight;
        let rounds = (scores[at] + total) / total;
        if rounds > best.0 {
            best = (rounds, at);
        }
    }
    scores[best.1] -= total;
    best.1 as u32
}
