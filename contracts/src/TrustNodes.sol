// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "./Signatures.sol";
import {Statements} from "./Statements.sol";

/// @title Trust nodes: who may admit, under which policies, and how that changes
/// @notice No key here admits, or changes anything, alone: every message is signed by max(floor, two thirds of the members).
/// What a quorum decides about members, policies and vendor anchors waits before it takes effect; only pausing and taking back do not.
/// There is no owner and no upgrade. A quorum that is lost for ever leaves a registry that answers, and changes no more.
abstract contract TrustNodes {
    /// @dev The order is part of the signed messages.
    enum Kind {
        AddMember,
        RemoveMember,
        ClearStrikes,
        AddPolicy,
        RetirePolicy,
        AddAnchor,
        RetireAnchor,
        Pause,
        Unpause,
        Cancel
    }

    /// @notice What a registry starts with.
    /// @param floor Fewest signatures that ever suffice; two at least.
    /// @param strikeLimit Strikes at which a member's signature lets nothing in any more; one at least.
    /// @param delay Seconds between a decision and its effect.
    /// @param nonceBlocks How many blocks old the block may be whose hash an admission's nonce is made of.
    struct Genesis {
        address[] members;
        uint256[] policies;
        bytes32[] anchors;
        uint8 floor;
        uint8 strikeLimit;
        uint32 delay;
        uint32 nonceBlocks;
    }

    /// @notice What a quorum decides. `subject` is an address, a policy id, an anchor, a pending change, or zero.
    struct Change {
        Kind kind;
        bytes32 subject;
        uint64 sequence;
        uint64 deadline;
        uint32 setVersion;
    }

    /// @param slot 1 to 64 for a member, 0 for anyone else: the place in bit maps of signers.
    /// @param strikes Stay when a member leaves: coming back does not clear them.
    /// @param since Version of the set that this member came in with.
    /// @param leaving The change by which it leaves of its own accord, if it has asked to.
    struct Member {
        uint8 slot;
        uint8 strikes;
        uint32 since;
        uint64 leaving;
    }

    /// @param since That of the member whom a removal is about: one who has come back since is not removed by it.
    struct Pending {
        Kind kind;
        uint64 notBefore;
        uint32 since;
        bytes32 subject;
    }

    uint256 public constant MAX_MEMBERS = 64;
    /// @notice How long a decision may be carried out, once it may be.
    uint64 public constant WINDOW = 14 days;

    bytes32 private constant CHANGE_TYPE = keccak256(
        "Change(uint8 kind,bytes32 subject,uint64 sequence,uint64 deadline,uint32 setVersion)"
    );

    uint8 public immutable floor;
    uint8 public immutable strikeLimit;
    uint32 public immutable delay;
    uint32 public immutable nonceBlocks;

    /// @notice Grows with every member that comes or goes, so that what an earlier set signed is void.
    uint32 public setVersion;
    uint8 public memberCount;
    bool public paused;
    /// @notice What the next signed change must carry: each counts once.
    uint64 public sequence;
    uint64 public changes;
    uint64 private _taken;

    mapping(address account => Member) public members;
    mapping(uint8 slot => address) public memberAt;
    mapping(uint256 policyId => bool) public isPolicy;
    /// @notice Hashes of vendors' root keys that nodes believe.
    mapping(bytes32 anchor => bool) public isAnchor;
    mapping(uint64 id => Pending) public pending;

    event MemberAdded(address indexed account, uint8 slot, uint32 setVersion);
    event MemberRemoved(address indexed account, uint8 slot, uint32 setVersion);
    event Struck(address indexed account, uint8 strikes);
    event StrikesCleared(address indexed account);
    event PolicyAdded(uint256 indexed policyId);
    event PolicyRetired(uint256 indexed policyId);
    event AnchorAdded(bytes32 indexed anchor);
    event AnchorRetired(bytes32 indexed anchor);
    event PausedSet(bool paused);
    event ChangeScheduled(uint64 indexed id, Kind kind, bytes32 subject, uint64 notBefore, uint64 signers);
    event ChangeCancelled(uint64 indexed id);

    error Paused();
    error DeadlinePassed(uint64 deadline);
    error SetVersionStale(uint32 given, uint32 current);
    error SequenceWrong(uint64 given, uint64 expected);
    error BelowThreshold(uint256 given, uint256 threshold);
    error SignersUnordered(address signer);
    error NotMember(address account);
    error AlreadyMember(address account);
    error MemberSuspended(address account);
    error MembersFull();
    error TooFewMembers();
    error SubjectInvalid(bytes32 subject);
    error NoChange(Kind kind, bytes32 subject);
    error NothingPending(uint64 id);
    error TooEarly(uint64 notBefore);
    error TooLate(uint64 notAfter);
    error SettingsInvalid();
    error PolicyInvalid(uint256 policyId);
    error PolicySimulated(uint256 policyId);
    error PolicyNotAccepted(uint256 policyId);

    constructor(Genesis memory genesis) {
        bool sane = genesis.floor >= 2 && genesis.members.length >= genesis.floor && genesis.strikeLimit >= 1
            && genesis.nonceBlocks >= 1 && genesis.delay <= 30 days
            && (genesis.delay >= 1 hours || isDevelopmentChain());
        if (!sane) revert SettingsInvalid();
        floor = genesis.floor;
        strikeLimit = genesis.strikeLimit;
        delay = genesis.delay;
        nonceBlocks = genesis.nonceBlocks;
        for (uint256 i = 0; i < genesis.members.length; i++) _addMember(genesis.members[i]);
        for (uint256 i = 0; i < genesis.policies.length; i++) _addPolicy(genesis.policies[i]);
        for (uint256 i = 0; i < genesis.anchors.length; i++) _addAnchor(genesis.anchors[i]);
    }

    /// @notice How many signatures a message needs today.
    function threshold() public view returns (uint256) {
        uint256 twoThirds = (2 * uint256(memberCount) + 2) / 3;
        return twoThirds > floor ? twoThirds : floor;
    }

    /// @notice Chains on which simulated evidence means something: those of development nodes.
    function isDevelopmentChain() public view returns (bool) {
        return block.chainid == 31337 || block.chainid == 1337;
    }

    /// @notice Reverts unless a quorum of this set has signed this digest, none of them suspended. Signers must ascend.
    /// @dev Says nothing of replay, deadline or meaning: they are the caller's, who makes the digest.
    /// @return signers A bit for each slot that signed.
    function requireQuorum(uint32 version, bytes32 digest, Signatures.Signature[] calldata signatures)
        public
        view
        returns (uint64 signers)
    {
        return _requireQuorum(version, digest, signatures, true);
    }

    /// @dev The suspended do not count where something is let in. Where it is taken away, or mended, they do: or whoever gets them
    /// struck, with one leaked key of a vendor's, would end removal, pausing and clearing for ever.
    function _requireQuorum(uint32 version, bytes32 digest, Signatures.Signature[] calldata signatures, bool lettingIn)
        internal
        view
        returns (uint64 signers)
    {
        if (version != setVersion) revert SetVersionStale(version, setVersion);
        uint256 needed = threshold();
        if (signatures.length < needed) revert BelowThreshold(signatures.length, needed);
        address last = address(0);
        for (uint256 i = 0; i < signatures.length; i++) {
            address signer = Signatures.recover(digest, signatures[i]);
            if (signer <= last) revert SignersUnordered(signer);
            last = signer;
            Member memory member = members[signer];
            if (member.slot == 0) revert NotMember(signer);
            if (lettingIn && member.strikes >= strikeLimit) revert MemberSuspended(signer);
            signers |= uint64(1) << (member.slot - 1);
        }
    }

    /// @notice Decides a change. It waits for `delay` seconds, except pausing and taking back another one.
    function schedule(Change calldata change, Signatures.Signature[] calldata signatures) external {
        if (block.timestamp > change.deadline) revert DeadlinePassed(change.deadline);
        if (change.sequence != sequence) revert SequenceWrong(change.sequence, sequence);
        sequence++;
        bytes32 content = keccak256(
            abi.encode(
                CHANGE_TYPE, change.kind, change.subject, change.sequence, change.deadline, change.setVersion
            )
        );
        uint64 signers = _requireQuorum(
            change.setVersion, Signatures.digest(_domain(), content), signatures, _letsIn(change.kind)
        );
        bool atOnce = change.kind == Kind.Pause || change.kind == Kind.Cancel;
        _schedule(change.kind, change.subject, atOnce ? 0 : delay, signers);
        if (atOnce) execute(changes);
    }

    /// @notice Leaves the set, after the same delay. Needs nobody's consent, unless too few would be left. Once: again only when that was
    /// cancelled, or ran out.
    function resign() external {
        Member storage member = members[msg.sender];
        if (member.slot == 0) revert NotMember(msg.sender);
        bytes32 subject = bytes32(uint256(uint160(msg.sender)));
        Pending memory asked = pending[member.leaving];
        bool waits = asked.since == member.since && block.timestamp <= asked.notBefore + WINDOW;
        if (waits) revert NoChange(Kind.RemoveMember, subject);
        _schedule(Kind.RemoveMember, subject, delay, 0);
        member.leaving = changes;
    }

    /// @notice Carries out what was decided. Anyone may.
    function execute(uint64 id) public {
        Pending memory change = pending[id];
        if (change.notBefore == 0) revert NothingPending(id);
        if (block.timestamp < change.notBefore) revert TooEarly(change.notBefore);
        if (block.timestamp > change.notBefore + WINDOW) revert TooLate(change.notBefore + WINDOW);
        delete pending[id];
        _apply(change);
    }

    /// @notice Domain of every message that nodes sign for this contract, on the chain as it is now.
    function domainSeparator() external view returns (bytes32) {
        return _domain();
    }

    function _domain() internal view returns (bytes32) {
        return Signatures.domain("Vouch Registry", address(this));
    }

    /// @dev A strike for each of these signers who is still the one that sat there then.
    function _strike(uint64 signers, uint32 version) internal {
        for (uint8 slot = 1; signers != 0; slot++) {
            if (signers & 1 == 1) {
                address account = memberAt[slot];
                Member storage member = members[account];
                if (member.slot == slot && member.since <= version && member.strikes < type(uint8).max) {
                    member.strikes++;
                    emit Struck(account, member.strikes);
                }
            }
            signers >>= 1;
        }
    }

    /// @dev Refuses simulated policies by the chain as it is now: a fork may have taken them along.
    function _requirePolicy(uint256 policyId) internal view {
        if (!isPolicy[policyId]) revert PolicyNotAccepted(policyId);
        if (policyId >= Statements.SIMULATED_POLICIES && !isDevelopmentChain()) revert PolicySimulated(policyId);
    }

    function _letsIn(Kind kind) private pure returns (bool) {
        return kind == Kind.AddMember || kind == Kind.AddPolicy || kind == Kind.AddAnchor || kind == Kind.Unpause;
    }

    function _schedule(Kind kind, bytes32 subject, uint32 wait, uint64 signers) private {
        uint64 notBefore = uint64(block.timestamp) + wait;
        uint32 since = kind == Kind.RemoveMember ? members[_asAddress(subject)].since : 0;
        changes++;
        pending[changes] = Pending(kind, notBefore, since, subject);
        emit ChangeScheduled(changes, kind, subject, notBefore, signers);
    }

    function _apply(Pending memory change) private {
        (Kind kind, bytes32 subject) = (change.kind, change.subject);
        if (kind == Kind.AddMember) _addMember(_asAddress(subject));
        else if (kind == Kind.RemoveMember) _removeMember(_asAddress(subject), change.since);
        else if (kind == Kind.ClearStrikes) _clearStrikes(_asAddress(subject));
        else if (kind == Kind.AddPolicy) _addPolicy(uint256(subject));
        else if (kind == Kind.RetirePolicy) _retirePolicy(uint256(subject));
        else if (kind == Kind.AddAnchor) _addAnchor(subject);
        else if (kind == Kind.RetireAnchor) _retireAnchor(subject);
        else if (kind == Kind.Cancel) _cancel(subject);
        else _setPaused(kind, subject);
    }

    function _addMember(address account) private {
        if (account == address(0)) revert SubjectInvalid(bytes32(0));
        Member storage member = members[account];
        if (member.slot != 0) revert AlreadyMember(account);
        if (memberCount == MAX_MEMBERS) revert MembersFull();
        uint8 slot = 1;
        while ((_taken >> (slot - 1)) & 1 == 1) slot++;
        _taken |= uint64(1) << (slot - 1);
        setVersion++;
        memberCount++;
        member.slot = slot;
        member.since = setVersion;
        memberAt[slot] = account;
        emit MemberAdded(account, slot, setVersion);
    }

    function _removeMember(address account, uint32 since) private {
        uint8 slot = members[account].slot;
        if (slot == 0 || members[account].since != since) revert NotMember(account);
        if (memberCount == floor) revert TooFewMembers();
        _taken &= ~(uint64(1) << (slot - 1));
        setVersion++;
        memberCount--;
        members[account].slot = 0;
        delete memberAt[slot];
        emit MemberRemoved(account, slot, setVersion);
    }

    function _clearStrikes(address account) private {
        if (members[account].strikes == 0) revert NoChange(Kind.ClearStrikes, bytes32(uint256(uint160(account))));
        members[account].strikes = 0;
        emit StrikesCleared(account);
    }

    function _addPolicy(uint256 policyId) private {
        if (policyId == 0 || policyId >= Statements.POLICY_ID_LIMIT) revert PolicyInvalid(policyId);
        if (policyId >= Statements.SIMULATED_POLICIES && !isDevelopmentChain()) revert PolicySimulated(policyId);
        if (isPolicy[policyId]) revert NoChange(Kind.AddPolicy, bytes32(policyId));
        isPolicy[policyId] = true;
        emit PolicyAdded(policyId);
    }

    function _retirePolicy(uint256 policyId) private {
        if (!isPolicy[policyId]) revert NoChange(Kind.RetirePolicy, bytes32(policyId));
        isPolicy[policyId] = false;
        emit PolicyRetired(policyId);
    }

    function _addAnchor(bytes32 anchor) private {
        if (anchor == 0) revert SubjectInvalid(anchor);
        if (isAnchor[anchor]) revert NoChange(Kind.AddAnchor, anchor);
        isAnchor[anchor] = true;
        emit AnchorAdded(anchor);
    }

    function _retireAnchor(bytes32 anchor) private {
        if (!isAnchor[anchor]) revert NoChange(Kind.RetireAnchor, anchor);
        isAnchor[anchor] = false;
        emit AnchorRetired(anchor);
    }

    function _setPaused(Kind kind, bytes32 subject) private {
        bool pause = kind == Kind.Pause;
        if (subject != 0) revert SubjectInvalid(subject);
        if (paused == pause) revert NoChange(kind, subject);
        paused = pause;
        emit PausedSet(pause);
    }

    function _cancel(bytes32 subject) private {
        if (uint256(subject) > type(uint64).max) revert SubjectInvalid(subject);
        uint64 id = uint64(uint256(subject));
        if (pending[id].notBefore == 0) revert NothingPending(id);
        delete pending[id];
        emit ChangeCancelled(id);
    }

    function _asAddress(bytes32 subject) private pure returns (address) {
        if (uint256(subject) > type(uint160).max) revert SubjectInvalid(subject);
        return address(uint160(uint256(subject)));
    }
}
