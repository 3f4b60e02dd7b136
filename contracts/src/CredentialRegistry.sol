// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Poseidon2} from "./Poseidon2.sol";
import {RegistryTree} from "./RegistryTree.sol";
import {Signatures} from "./Signatures.sol";
import {Statements} from "./Statements.sol";
import {TrustNodes} from "./TrustNodes.sol";

/// @title The registry of admitted credentials, on chain
/// @notice A quorum of trust nodes admits and removes; the tree and its roots are those of docs/protocol.md. Each decision is one
/// event, so that the logs are the whole history; none names a machine.
contract CredentialRegistry is TrustNodes {
    /// @notice What each node signs when it has verified an enrollment itself.
    /// @param evidenceHash Salted, the salt known to the nodes: who gets the evidence later finds no trace of it here.
    /// @param blockNumber The block whose hash is the `random` of the admission's nonce: each node sees alone that it is fresh.
    struct Admission {
        uint256 credential;
        uint256 policyId;
        uint64 expiresAt;
        bytes32 evidenceHash;
        uint64 blockNumber;
        uint64 deadline;
        uint32 setVersion;
    }

    /// @param forCause Whether admitting it was wrong: then each of those who signed for it gets a strike.
    struct Removal {
        uint256 credential;
        bool forCause;
        bytes32 reason;
        uint64 deadline;
        uint32 setVersion;
    }

    /// @notice Where the leaf of a removed credential is: what it is made of besides, and its path in the tree as it is now.
    struct Place {
        uint256 policyId;
        uint64 expiresAt;
        uint256[20] siblings;
    }

    /// @param place Index and one; zero for a credential that was never admitted.
    /// @param signers Slots of those who admitted it, as of `setVersion`.
    struct Record {
        uint32 place;
        uint32 setVersion;
        uint64 signers;
        bool removed;
    }

    /// @param epoch That in which the root stood; zero for one that never did.
    struct Superseded {
        uint64 time;
        uint64 epoch;
    }

    uint64 public constant EXPIRY_GRID = 1 hours;
    uint64 public constant MAX_LIFETIME = 7 days;

    bytes32 private constant ADMISSION_TYPE = keccak256(
        "Admission(uint256 credential,uint256 policyId,uint64 expiresAt,bytes32 evidenceHash,uint64 blockNumber,uint64 deadline,uint32 setVersion)"
    );
    bytes32 private constant REMOVAL_TYPE = keccak256(
        "Removal(uint256 credential,bool forCause,bytes32 reason,uint64 deadline,uint32 setVersion)"
    );

    uint256 public root;
    /// @notice Leaves ever inserted.
    uint32 public size;
    /// @notice Grows with every removal. Roots of earlier epochs stand no more.
    uint64 public epoch;

    mapping(uint256 credential => Record) public records;
    mapping(uint256 root => Superseded) public superseded;
    RegistryTree.Frontier private _frontier;

    event Admitted(
        uint256 indexed credential,
        uint32 index,
        uint256 policyId,
        uint64 expiresAt,
        bytes32 evidenceHash,
        uint64 signers,
        uint32 setVersion
    );
    event Removed(uint256 indexed credential, uint32 index, bool forCause, bytes32 reason, uint64 signers);
    event RootChanged(uint256 indexed root, uint32 size, uint64 epoch);

    error CredentialInvalid(uint256 credential);
    error CredentialKnown(uint256 credential);
    error CredentialBanned(uint256 credential);
    error CredentialUnknown(uint256 credential);
    error ExpiryInvalid(uint64 expiresAt);
    error NonceBlockInvalid(uint64 blockNumber);
    error RegistryFull();
    error NothingToAdmit();
    error ListsDiffer(uint256 admissions, uint256 signatures);
    error RootUnknown(uint256 root);
    error RootWithdrawn(uint256 root);
    error RootTooOld(uint256 root, uint64 supersededAt);

    constructor(Genesis memory genesis) TrustNodes(genesis) {
        epoch = 1;
        root = RegistryTree.emptyRoot();
        emit RootChanged(root, 0, 1);
    }

    /// @notice Admits a credential that a quorum signed for.
    function admit(Admission calldata admission, Signatures.Signature[] calldata signatures) external {
        _admit(admission, signatures);
        _setRoot(RegistryTree.root(_frontier, size));
    }

    /// @notice Admits several, all or none, and computes the root once.
    function admitBatch(Admission[] calldata admissions, Signatures.Signature[][] calldata signatures) external {
        if (admissions.length == 0) revert NothingToAdmit();
        if (admissions.length != signatures.length) revert ListsDiffer(admissions.length, signatures.length);
        for (uint256 i = 0; i < admissions.length; i++) _admit(admissions[i], signatures[i]);
        _setRoot(RegistryTree.root(_frontier, size));
    }

    /// @notice Removes a credential: every earlier root is refused from now on, and the credential never comes back.
    /// @dev Works while paused. The signatures outlive other changes of the tree: only `place` must be as of now.
    function remove(Removal calldata removal, Place calldata place, Signatures.Signature[] calldata signatures)
        external
    {
        if (block.timestamp > removal.deadline) revert DeadlinePassed(removal.deadline);
        Record memory record = records[removal.credential];
        if (record.place == 0) revert CredentialUnknown(removal.credential);
        if (record.removed) revert CredentialBanned(removal.credential);
        uint64 signers = _requireQuorum(removal.setVersion, _removalDigest(removal), signatures, false);
        records[removal.credential].removed = true;
        if (removal.forCause) _strike(record.signers, record.setVersion);
        emit Removed(removal.credential, record.place - 1, removal.forCause, removal.reason, signers);
        uint256 renewed = _emptied(removal.credential, record.place - 1, place);
        _supersede();
        epoch++;
        root = renewed;
        emit RootChanged(renewed, size, epoch);
    }

    /// @notice Reverts unless this root stands: it is the newest, or was until at most `maxAge` seconds ago and nothing was
    /// removed since. However many roots come, none is pushed out.
    function requireRoot(uint256 root_, uint64 maxAge) external view {
        if (paused) revert Paused();
        if (root_ == root) return;
        Superseded memory old = superseded[root_];
        if (old.epoch == 0) revert RootUnknown(root_);
        if (old.epoch != epoch) revert RootWithdrawn(root_);
        if (block.timestamp - old.time > maxAge) revert RootTooOld(root_, old.time);
    }

    /// @notice By what name the protocol knows this registry.
    function id() external view returns (bytes32) {
        return Statements.registryId(address(this));
    }

    function _admit(Admission calldata admission, Signatures.Signature[] calldata signatures) private {
        if (paused) revert Paused();
        if (block.timestamp > admission.deadline) revert DeadlinePassed(admission.deadline);
        _requireNew(admission.credential);
        _requirePolicy(admission.policyId);
        _requireExpiry(admission.expiresAt);
        _requireRecent(admission.blockNumber);
        uint64 signers = requireQuorum(admission.setVersion, _admissionDigest(admission), signatures);
        uint32 index = size;
        if (index == RegistryTree.CAPACITY) revert RegistryFull();
        size = index + 1;
        records[admission.credential] = Record(index + 1, admission.setVersion, signers, false);
        uint256 leaf = Statements.leaf(admission.credential, admission.policyId, admission.expiresAt);
        RegistryTree.push(_frontier, index, leaf);
        emit Admitted(
            admission.credential,
            index,
            admission.policyId,
            admission.expiresAt,
            admission.evidenceHash,
            signers,
            admission.setVersion
        );
    }

    function _emptied(uint256 credential, uint32 index, Place calldata place) private returns (uint256) {
        // Not in force any more, perhaps, nor below its limits: but then it leads to no root.
        if (place.policyId >= Poseidon2.P) revert PolicyInvalid(place.policyId);
        uint256 leaf = Statements.leaf(credential, place.policyId, place.expiresAt);
        return RegistryTree.remove(_frontier, size, index, leaf, place.siblings, root);
    }

    function _setRoot(uint256 renewed) private {
        _supersede();
        root = renewed;
        emit RootChanged(renewed, size, epoch);
    }

    function _supersede() private {
        superseded[root] = Superseded(uint64(block.timestamp), epoch);
    }

    function _requireNew(uint256 credential) private view {
        if (credential == 0 || credential >= Poseidon2.P) revert CredentialInvalid(credential);
        Record memory record = records[credential];
        if (record.removed) revert CredentialBanned(credential);
        if (record.place != 0) revert CredentialKnown(credential);
    }

    /// @dev On a grid, so that an expiry names nobody; an hour ahead at least, and never for longer than a week.
    function _requireExpiry(uint64 expiresAt) private view {
        bool sane = expiresAt % EXPIRY_GRID == 0 && expiresAt >= block.timestamp + EXPIRY_GRID
            && expiresAt <= block.timestamp + MAX_LIFETIME;
        if (!sane) revert ExpiryInvalid(expiresAt);
    }

    function _requireRecent(uint64 blockNumber) private view {
        if (blockNumber >= block.number || block.number - blockNumber > nonceBlocks) {
            revert NonceBlockInvalid(blockNumber);
        }
    }

    function _admissionDigest(Admission calldata a) private view returns (bytes32) {
        return Signatures.digest(_domain(), keccak256(abi.encode(ADMISSION_TYPE, a)));
    }

    function _removalDigest(Removal calldata r) private view returns (bytes32) {
        return Signatures.digest(_domain(), keccak256(abi.encode(REMOVAL_TYPE, r)));
    }
}
