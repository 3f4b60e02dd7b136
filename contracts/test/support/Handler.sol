// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../../src/CredentialRegistry.sol";
import {Poseidon2} from "../../src/Poseidon2.sol";
import {Signatures} from "../../src/Signatures.sol";
import {TrustNodes} from "../../src/TrustNodes.sol";
import {Nodes} from "./Nodes.sol";

/// @notice Does at random what members, strangers and time may do to a registry, and keeps what must be so in its own way:
/// every node of the tree, every signer, every strike.
contract Handler is Nodes {
    uint256 private constant MEMBERS = 6;

    CredentialRegistry.Admission[] private _admitted;
    uint256[] private _gone;
    uint256 private _next = 1;
    mapping(uint256 height => mapping(uint256 index => uint256)) private _nodes;
    mapping(uint256 height => uint256) private _empty;
    mapping(uint256 credential => uint256 who) private _signers;
    uint256[] public strikes;
    uint256 public lastWithdrawn;
    /// @notice What must never become true, in words.
    string public broken;
    uint256 public admissions;
    uint256 public removals;

    constructor() {
        begin(MEMBERS, 2);
        strikes = new uint256[](MEMBERS);
        for (uint256 h = 0; h < 20; h++) _empty[h + 1] = Poseidon2.hash(_empty[h], _empty[h]);
    }

    function theRegistry() external view returns (CredentialRegistry) {
        return registry;
    }

    /// @notice Anyone's try at an admission: signers drawn at random.
    function admitOne(uint256 who, bool twice) external {
        who %= 1 << MEMBERS;
        CredentialRegistry.Admission memory admission = admissionOf(_next);
        Signatures.Signature[] memory signatures = signedByThose(who, digestOf(admission));
        if (twice && signatures.length > 1) signatures[1] = signatures[0];
        if (!_try(abi.encodeCall(registry.admit, (admission, signatures)))) {
            if (_suffices(who) && !(twice && signatures.length > 1)) broken = "a quorum was refused";
            return;
        }
        if (!_suffices(who)) broken = "below the threshold, or by the suspended";
        if (twice && signatures.length > 1) broken = "a signature counted twice";
        _keep(admission, who);
    }

    function admitSome(uint256 who, uint256 count) external {
        who = _quorumOf(who);
        if (who == 0) return;
        count = bounded(count, 1, 5);
        CredentialRegistry.Admission[] memory batch = new CredentialRegistry.Admission[](count);
        Signatures.Signature[][] memory signatures = new Signatures.Signature[][](count);
        for (uint256 i = 0; i < count; i++) {
            batch[i] = admissionOf(_next + i);
            signatures[i] = signedByThose(who, digestOf(batch[i]));
        }
        if (!_try(abi.encodeCall(registry.admitBatch, (batch, signatures)))) broken = "a batch was refused";
        else for (uint256 i = 0; i < count; i++) _keep(batch[i], who);
    }

    function removeOne(uint256 who, uint256 which, bool forCause) external {
        if (_admitted.length == 0) return;
        uint256 index = which % _admitted.length;
        CredentialRegistry.Admission memory admitted = _admitted[index];
        CredentialRegistry.Removal memory removal = removalOf(admitted.credential, forCause);
        CredentialRegistry.Place memory place;
        (place.policyId, place.expiresAt) = (admitted.policyId, admitted.expiresAt);
        for (uint256 h = 0; h < 20; h++) place.siblings[h] = _node(h, (index >> h) ^ 1);
        who %= 1 << MEMBERS;
        uint256 before = registry.root();
        bytes memory call_ =
            abi.encodeCall(registry.remove, (removal, place, signedByThose(who, digestOf(removal))));
        bool may = _suffices(who) && _node(0, index) != 0;
        if (_try(call_) != may) broken = may ? "a removal was refused" : "removed twice, or below the threshold";
        if (!may) return;
        _set(index, 0);
        _gone.push(admitted.credential);
        lastWithdrawn = before;
        removals++;
        uint256 struck = forCause ? _signers[admitted.credential] : 0;
        for (uint256 i = 0; i < MEMBERS; i++) if ((struck >> i) & 1 == 1) strikes[i]++;
    }

    /// @notice A removed credential, and one that is there, do not come again.
    function readmit(uint256 who, uint256 which, bool removed) external {
        who = _quorumOf(who);
        uint256 known = removed ? _gone.length : _admitted.length;
        if (who == 0 || known == 0) return;
        uint256 credential = removed ? _gone[which % known] : _admitted[which % known].credential;
        CredentialRegistry.Admission memory admission = admissionOf(credential);
        bytes memory call_ = abi.encodeCall(registry.admit, (admission, signedByThose(who, digestOf(admission))));
        if (_try(call_)) broken = "a credential came back";
    }

    function clear(uint256 who, uint256 which) external {
        who = _quorumOf(who);
        which %= MEMBERS;
        if (who == 0 || strikes[which] == 0) return;
        carryBy(who, TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[which])));
        strikes[which] = 0;
    }

    function pass(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 3 days);
        vm.roll(block.number + 1);
    }

    /// @notice Root by a tree that keeps every node.
    function expectedRoot() external view returns (uint256) {
        return _node(20, 0);
    }

    /// @notice Root from the leaves alone.
    function expectedRootAnew() external view returns (uint256) {
        uint256[] memory all = new uint256[](_admitted.length);
        for (uint256 i = 0; i < all.length; i++) all[i] = _node(0, i);
        return rootOver(all);
    }

    function strikesInRegistry(uint256 index) external view returns (uint256 count) {
        (, uint8 struck,) = registry.members(vm.addr(keys[index]));
        return struck;
    }

    function _keep(CredentialRegistry.Admission memory admission, uint256 who) private {
        _signers[admission.credential] = who;
        _set(_admitted.length, leafOf(admission));
        _admitted.push(admission);
        _next++;
        admissions++;
    }

    function _try(bytes memory call_) private returns (bool done) {
        (done,) = address(registry).call(call_);
    }

    function _suffices(uint256 who) private view returns (bool) {
        uint256 count;
        for (uint256 i = 0; i < MEMBERS; i++) {
            if ((who >> i) & 1 == 0) continue;
            if (strikes[i] >= 2) return false;
            count++;
        }
        return count >= 4;
    }

    /// @dev These and others that are not suspended, until they suffice; nobody if they never do.
    function _quorumOf(uint256 who) private view returns (uint256) {
        who %= 1 << MEMBERS;
        for (uint256 i = 0; i < MEMBERS; i++) who = strikes[i] >= 2 ? who & ~(1 << i) : who;
        for (uint256 i = 0; i < MEMBERS && !_suffices(who); i++) {
            if (strikes[i] < 2) who |= 1 << i;
        }
        return _suffices(who) ? who : 0;
    }

    /// @dev What was never written is empty; above the leaves nothing else is zero.
    function _node(uint256 height, uint256 index) private view returns (uint256 node) {
        node = _nodes[height][index];
        if (node == 0) node = _empty[height];
    }

    function _set(uint256 index, uint256 leaf) private {
        _nodes[0][index] = leaf;
        for (uint256 h = 0; h < 20; h++) {
            uint256 left = (index >> h) & ~uint256(1);
            _nodes[h + 1][left >> 1] = Poseidon2.hash(_node(h, left), _node(h, left + 1));
        }
    }
}
