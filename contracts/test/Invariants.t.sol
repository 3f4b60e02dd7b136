// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {TrustNodes} from "../src/TrustNodes.sol";
import {Check} from "./support/Check.sol";
import {Handler} from "./support/Handler.sol";

contract InvariantsTest is Check {
    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev One campaign for all: each would pay for the same calls again.
    function invariant_RootThresholdRemovalAndStrikes() public {
        assertTrue(bytes(_handler.broken()).length == 0, _handler.broken());
        _checkTree(_handler.theRegistry());
        _checkRoots(_handler.theRegistry());
        _checkSet(_handler.theRegistry());
    }

    /// @notice Once a run is over: the root from the leaves alone.
    function afterInvariant() public view {
        assertEq(_handler.theRegistry().root(), _handler.expectedRootAnew());
    }

    function _checkTree(CredentialRegistry registry) private view {
        assertEq(registry.size(), _handler.admissions());
        assertEq(registry.root(), _handler.expectedRoot());
        assertEq(registry.epoch(), 1 + _handler.removals());
    }

    function _checkRoots(CredentialRegistry registry) private {
        bool paused = _handler.paused();
        uint256 root = registry.root();
        if (paused) vm.expectPartialRevert(TrustNodes.Paused.selector);
        registry.requireRoot(root, 0);
        uint256 withdrawn = _handler.lastWithdrawn();
        if (paused || withdrawn == 0 || withdrawn == root) return;
        vm.expectPartialRevert(CredentialRegistry.RootWithdrawn.selector);
        registry.requireRoot(withdrawn, type(uint64).max);
    }

    function _checkSet(CredentialRegistry registry) private view {
        assertEq(registry.memberCount(), _handler.members());
        assertEq(registry.setVersion(), _handler.version());
        assertEq(registry.threshold(), _handler.threshold());
        uint256 taken;
        for (uint256 i = 0; i < _handler.KEYS(); i++) {
            assertEq(_handler.strikesInRegistry(i), _handler.strikes(i));
            uint8 slot = _handler.slotInRegistry(i);
            assertTrue((slot != 0) == ((_handler.set() >> i) & 1 == 1), "a seat of nobody's, or a member without");
            assertTrue(slot == 0 || (taken >> slot) & 1 == 0, "two in one seat");
            taken |= slot == 0 ? 0 : 1 << slot;
        }
    }
}
