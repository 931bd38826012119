//! What most of these tests begin and end with.

use crate::{
    NO_DISPLAY,
    between::Between,
    operator::Service,
    user::{Running, User},
};
use protocol::{Permissions, operator::Target};

/// A device whose agent reaches its service through something that can do harm.
pub(crate) struct Disturbed {
    // Dropped top-down: the agent before what it needs.
    pub(crate) agent: Running,
    pub(crate) user: User,
    pub(crate) between: Between,
    pub(crate) service: Service,
}

impl Disturbed {
    /// It is present.
    pub(crate) fn start() -> Self {
        let service = Service::start();
        let between = Between::start(service.address());
        let user = User::through(&service, &between.url());
        let agent = user.start();
        service.operator().present_device();
        Self { agent, user, between, service }
    }

    pub(crate) fn works(&self) {
        works(&self.service);
    }
}

/// An operator reaches the user.
pub(crate) fn works(service: &Service) {
    let operator = service.operator();
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
}
