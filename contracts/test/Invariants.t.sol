// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
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
        CredentialRegistry registry = _handler.theRegistry();
        assertTrue(bytes(_handler.broken()).length == 0, _handler.broken());
        assertEq(registry.size(), _handler.admissions());
        assertEq(registry.root(), _handler.expectedRoot());
        assertEq(registry.epoch(), 1 + _handler.removals());
        registry.requireRoot(registry.root(), 0);
        uint256 withdrawn = _handler.lastWithdrawn();
        if (withdrawn != 0 && withdrawn != registry.root()) {
            vm.expectPartialRevert(CredentialRegistry.RootWithdrawn.selector);
            registry.requireRoot(withdrawn, type(uint64).max);
        }
        for (uint256 i = 0; i < 6; i++) assertEq(_handler.strikesInRegistry(i), _handler.strikes(i));
    }

    /// @notice Once a run is over: the root from the leaves alone.
    function afterInvariant() public view {
        assertEq(_handler.theRegistry().root(), _handler.expectedRootAnew());
    }
}
