// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../../src/CredentialRegistry.sol";
import {Poseidon2} from "../../src/Poseidon2.sol";
import {Signatures} from "../../src/Signatures.sol";
import {TrustNodes} from "../../src/TrustNodes.sol";
import {Nodes} from "./Nodes.sol";

/// @notice Does at random what members, strangers and time may do to a registry, and keeps what must be so in its own way:
/// every node of the tree, every member, every signer, every strike.
contract Handler is Nodes {
    /// @dev Keys in all. Six are members at first; which are is a bit each, as signers are.
    uint256 public constant KEYS = 8;
    uint256 private constant STRIKE_LIMIT = 2;

    /// @notice Who is a member.
    uint256 public set;
    uint256 public version;
    bool public paused;
    bool public policyAccepted = true;
    uint256[] public strikes;
    uint256 public admissions;
    uint256 public removals;
    uint256 public lastWithdrawn;
    /// @notice What must never become true, in words.
    string public broken;

    CredentialRegistry.Admission[] private _admitted;
    uint256[] private _gone;
    uint256 private _next = 1;
    mapping(uint256 height => mapping(uint256 index => uint256)) private _nodes;
    mapping(uint256 height => uint256) private _empty;
    mapping(uint256 credential => uint256 who) private _signers;
    mapping(uint256 key => uint256 version) private _joined;

    constructor() {
        begin(6, 2);
        addKey(uint256(keccak256("another")));
        addKey(uint256(keccak256("yet another")));
        strikes = new uint256[](KEYS);
        version = 6;
        for (uint256 i = 0; i < KEYS; i++) if (slotInRegistry(i) != 0) set |= 1 << i;
        for (uint256 h = 0; h < 20; h++) _empty[h + 1] = Poseidon2.hash(_empty[h], _empty[h]);
    }

    function theRegistry() external view returns (CredentialRegistry) {
        return registry;
    }

    /// @notice Anyone's try at an admission: signers drawn at random, one of them twice perhaps, or for an earlier set.
    function tryToAdmit(uint256 who, bool twice, bool stale) external {
        who = _drawn(who);
        CredentialRegistry.Admission memory admission = admissionOf(_next);
        if (stale) admission.setVersion--;
        Signatures.Signature[] memory signatures = signedByThose(who, digestOf(admission));
        twice = twice && signatures.length > 1;
        if (twice) signatures[1] = signatures[0];
        bool may = _suffices(who, true) && !twice && !stale && !paused && policyAccepted;
        _expect(may, abi.encodeCall(registry.admit, (admission, signatures)), "admission");
        if (may) _keep(admission, who);
    }

    function admitSome(uint256 who, uint256 count) external {
        who = _quorumOf(who, true);
        if (who == 0) return;
        count = bounded(count, 1, 5);
        CredentialRegistry.Admission[] memory batch = new CredentialRegistry.Admission[](count);
        Signatures.Signature[][] memory signatures = new Signatures.Signature[][](count);
        for (uint256 i = 0; i < count; i++) {
            batch[i] = admissionOf(_next + i);
            signatures[i] = signedByThose(who, digestOf(batch[i]));
        }
        bool may = !paused && policyAccepted;
        _expect(may, abi.encodeCall(registry.admitBatch, (batch, signatures)), "batch");
        for (uint256 i = 0; may && i < count; i++) _keep(batch[i], who);
    }

    function removeOne(uint256 who, uint256 which, bool forCause) external {
        if (_admitted.length == 0) return;
        uint256 index = which % _admitted.length;
        CredentialRegistry.Admission memory admitted = _admitted[index];
        CredentialRegistry.Removal memory removal = removalOf(admitted.credential, forCause);
        CredentialRegistry.Place memory place;
        (place.policyId, place.expiresAt) = (admitted.policyId, admitted.expiresAt);
        for (uint256 h = 0; h < 20; h++) place.siblings[h] = _node(h, (index >> h) ^ 1);
        who = _drawn(who);
        uint256 before = registry.root();
        Signatures.Signature[] memory signatures = signedByThose(who, digestOf(removal));
        bool may = _suffices(who, false) && _node(0, index) != 0;
        _expect(may, abi.encodeCall(registry.remove, (removal, place, signatures)), "removal");
        if (!may) return;
        _set(index, 0);
        _gone.push(admitted.credential);
        lastWithdrawn = before;
        removals++;
        if (forCause) _strike(_signers[admitted.credential], admitted.setVersion);
    }

    /// @notice A removed credential, and one that is there, do not come again.
    function readmit(uint256 who, uint256 which, bool removed) external {
        who = _quorumOf(who, true);
        uint256 known = removed ? _gone.length : _admitted.length;
        if (who == 0 || known == 0) return;
        uint256 credential = removed ? _gone[which % known] : _admitted[which % known].credential;
        CredentialRegistry.Admission memory admission = admissionOf(credential);
        Signatures.Signature[] memory signatures = signedByThose(who, digestOf(admission));
        _expect(false, abi.encodeCall(registry.admit, (admission, signatures)), "second admission");
    }

    function clear(uint256 who, uint256 which) external {
        which %= KEYS;
        if (strikes[which] == 0 || _notNow(who)) return;
        carryBy(_quorumOf(who, false), TrustNodes.Kind.ClearStrikes, asSubject(vm.addr(keys[which])));
        strikes[which] = 0;
    }

    /// @notice Anyone's try at letting somebody in.
    function join(uint256 who, uint256 which) external {
        which %= KEYS;
        if (_isMember(which)) return;
        who = _drawn(who);
        TrustNodes.Change memory change = changeOf(TrustNodes.Kind.AddMember, asSubject(vm.addr(keys[which])));
        bool may = _suffices(who, true);
        _expect(may, abi.encodeCall(registry.schedule, (change, signedByThose(who, digestOf(change)))), "member");
        if (!may) return;
        vm.warp(block.timestamp + DELAY);
        registry.execute(registry.changes());
        set |= 1 << which;
        _joined[which] = ++version;
    }

    /// @notice By itself, or as the others decide. The floor stays.
    function leave(uint256 who, uint256 which, bool alone) external {
        which %= KEYS;
        if (!_isMember(which) || members() == 2) return;
        address account = vm.addr(keys[which]);
        if (alone) {
            vm.prank(account);
            registry.resign();
            vm.warp(block.timestamp + DELAY);
            registry.execute(registry.changes());
        } else {
            carryBy(_quorumOf(who, false), TrustNodes.Kind.RemoveMember, asSubject(account));
        }
        set &= ~(1 << which);
        version++;
    }

    /// @notice The policy goes, or comes back.
    function turnPolicy(uint256 who) external {
        who = _quorumOf(who, !policyAccepted);
        if (who == 0 || (policyAccepted && _notNow(who))) return;
        carryBy(who, policyAccepted ? TrustNodes.Kind.RetirePolicy : TrustNodes.Kind.AddPolicy, bytes32(POLICY));
        policyAccepted = !policyAccepted;
    }

    /// @notice Pauses at once, or ends a pause.
    function turnPause(uint256 who) external {
        who = _quorumOf(who, paused);
        if (who == 0 || (!paused && _notNow(who))) return;
        if (paused) carryBy(who, TrustNodes.Kind.Unpause, 0);
        else decideBy(who, TrustNodes.Kind.Pause, 0);
        paused = !paused;
    }

    function pass(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 3 days);
        vm.roll(block.number + 1);
    }

    function members() public view returns (uint256 count) {
        for (uint256 bits = set; bits != 0; bits &= bits - 1) count++;
    }

    /// @notice Two thirds of the members, rounded up, and two at least.
    function threshold() public view returns (uint256 count) {
        for (count = 2; 3 * count < 2 * members();) count++;
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
        (, uint8 struck,,) = registry.members(vm.addr(keys[index]));
        return struck;
    }

    function slotInRegistry(uint256 index) public view returns (uint8 slot) {
        (slot,,,) = registry.members(vm.addr(keys[index]));
        if (slot != 0) assertEq(registry.memberAt(slot), vm.addr(keys[index]));
    }

    /// @dev Half of the time enough members, suspended or not, or hardly any would be a quorum; else anyone.
    function _drawn(uint256 who) private view returns (uint256) {
        return uint256(keccak256(abi.encode(who))) & 1 == 1 ? _quorumOf(who, false) : who % (1 << KEYS);
    }

    /// @dev Three of four times. Of what keeps all else from happening, there would be too much.
    function _notNow(uint256 who) private view returns (bool) {
        return uint256(keccak256(abi.encode(who, block.timestamp))) & 3 != 0;
    }

    function _keep(CredentialRegistry.Admission memory admission, uint256 who) private {
        _signers[admission.credential] = who;
        _set(_admitted.length, leafOf(admission));
        _admitted.push(admission);
        _next++;
        admissions++;
    }

    /// @dev Each of them who has been a member ever since.
    function _strike(uint256 who, uint256 since) private {
        for (uint256 i = 0; i < KEYS; i++) {
            if ((who >> i) & 1 == 1 && _isMember(i) && _joined[i] <= since) strikes[i]++;
        }
    }

    function _expect(bool may, bytes memory call_, string memory what) private {
        (bool done,) = address(registry).call(call_);
        if (done != may) broken = string.concat(what, may ? " refused" : " taken");
    }

    function _isMember(uint256 index) private view returns (bool) {
        return (set >> index) & 1 == 1;
    }

    /// @param strict Whether what they sign lets something in, for which the suspended do not count.
    function _suffices(uint256 who, bool strict) private view returns (bool) {
        uint256 count;
        for (uint256 i = 0; i < KEYS; i++) {
            if ((who >> i) & 1 == 0) continue;
            if (!_counts(i, strict)) return false;
            count++;
        }
        return count >= threshold();
    }

    function _counts(uint256 index, bool strict) private view returns (bool) {
        return _isMember(index) && (!strict || strikes[index] < STRIKE_LIMIT);
    }

    /// @dev These and others whose signatures count, until they suffice; nobody if they never do.
    function _quorumOf(uint256 who, bool strict) private view returns (uint256) {
        who %= 1 << KEYS;
        for (uint256 i = 0; i < KEYS; i++) if (!_counts(i, strict)) who &= ~(1 << i);
        for (uint256 i = 0; i < KEYS && !_suffices(who, strict); i++) {
            if (_counts(i, strict)) who |= 1 << i;
        }
        return _suffices(who, strict) ? who : 0;
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
