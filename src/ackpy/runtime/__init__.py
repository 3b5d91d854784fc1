"""A controller runtime for Kubernetes: what an operator is built from, whatever it operates.

    PEERS = Resource("example.org", "v1", "peers", "Peer")

    class Greeter:
        '''Keeps the greeting in a Peer's status in step with the name in its spec.'''

        def __init__(self, manager: Manager) -> None:
            self._peers = manager.reader(PEERS)
            self._writer = manager.writer

        async def reconcile(self, request: Request) -> Result:
            peer = await self._peers.read(request.key)
            if peer is None:
                return Result.done()
            greeted = apply_merge_patch(peer, {"status": {"greeting": f"Hello, {peer['spec']['name']}."}})
            await self._writer.patch_status(PEERS, peer, greeted)
            return Result.done()

    async def main() -> None:
        async with KubeClient(KubeConfig.load(), user_agent="greeter") as client:
            manager = Manager(client, ManagerOptions("greeter"))
            manager.add_controller("peer", PEERS, Greeter(manager))
            await manager.run()

From the outside in: a Manager runs Controllers; an Informer keeps a Store true; what changes goes past a Predicate into a WorkQueue,
and from there in passes to a Reconciler, whose Result says what happens next. `reconciler` has the contract. A test runs all of it
in memory, in a time of its own, with `ackpy.testing.memory` and `ackpy.testing.clock`.
"""
