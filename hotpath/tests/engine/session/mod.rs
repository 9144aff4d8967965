//! Connections and subscriptions: whole lives, each thing that can go wrong, and any mixture of them.

mod fetched;
mod life;
mod missing;
mod random;
mod reconnect;
mod refusals;
mod requests;
mod rig;
mod sim;
