//! What the page shows: requests, and the connections they came over.

use std::collections::HashMap;

use poll::ConnId;

#[derive(Default)]
pub struct Counter {
    requests: u64,
    /// Connections that brought at least one request.
    connections: u64,
    /// Requests of each connection that is open.
    open: HashMap<ConnId, u64>,
}

impl Counter {
    pub fn connected(&mut self, id: ConnId) {
        self.open.insert(id, 0);
    }

    pub fn asked(&mut self, id: ConnId) {
        self.requests += 1;
        let of_connection = self.open.entry(id).or_default();
        *of_connection += 1;
        if *of_connection == 1 {
            self.connections += 1;
        }
    }

    /// How many requests the connection had brought.
    pub fn disconnected(&mut self, id: ConnId) -> u64 {
        self.open.remove(&id).unwrap_or_default()
    }

    /// The counters, as they stand for the connection that asks.
    pub fn json(&self, id: ConnId) -> String {
        format!(
            r#"{{"requests":{},"connections":{},"open":{},"connection":"{id}","onThisConnection":{}}}"#,
            self.requests,
            self.connections,
            self.open.len(),
            self.open.get(&id).copied().unwrap_or_default(),
        )
    }
}
