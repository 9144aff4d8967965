//! Connections and subscriptions: whole lives, and each thing that can go wrong.

mod life;
mod missing;
mod reconnect;
mod refusals;
mod requests;
mod rig;
