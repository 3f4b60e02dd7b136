// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.13;

/// @title What a service signs, and how: section 7 of the protocol
library Envelopes {
    struct Envelope {
        bytes32 clientNonce;
        uint64 time;
        bytes32 askHash;
        bytes payload;
    }

    uint8 internal constant SHA256 = 1;
    uint8 internal constant EIP191 = 2;

    uint256 private constant PAYLOAD_AT = 106;
    uint256 private constant MAX_PAYLOAD = 1024 * 1024;
    uint256 private constant TIME_LIMIT = 1 << 40;
    bytes18 private constant MAGIC = "vouch-envelope-v1";

    error EnvelopeMalformed();
    error ProfileUnknown(uint8 profile);

    /// @notice Reads an envelope in its one form; reverts on any other.
    function decode(bytes calldata envelope) internal pure returns (Envelope memory) {
        if (envelope.length < PAYLOAD_AT) revert EnvelopeMalformed();
        uint64 time = uint64(bytes8(envelope[58:66]));
        uint32 length = uint32(bytes4(envelope[102:106]));
        bool sane = bytes18(envelope[0:18]) == MAGIC && uint32(bytes4(envelope[18:22])) == 32
            && uint32(bytes4(envelope[54:58])) == 8 && uint32(bytes4(envelope[66:70])) == 32
            && time < TIME_LIMIT && length <= MAX_PAYLOAD && envelope.length == PAYLOAD_AT + length;
        if (!sane) revert EnvelopeMalformed();
        return Envelope(bytes32(envelope[22:54]), time, bytes32(envelope[70:102]), envelope[PAYLOAD_AT:]);
    }

    /// @notice The 32 bytes that the service's key signed. Computed wherever they are needed, and never taken from anyone: who
    /// may choose them can forge a signature on them.
    function digest(uint8 profile, bytes calldata envelope) internal pure returns (bytes32) {
        if (profile == SHA256) return sha256(envelope);
        if (profile == EIP191) {
            bytes memory length = _decimal(envelope.length);
            return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n", length, envelope));
        }
        revert ProfileUnknown(profile);
    }

    function _decimal(uint256 value) private pure returns (bytes memory text) {
        uint256 digits = 1;
        for (uint256 rest = value / 10; rest != 0; rest /= 10) digits++;
        text = new bytes(digits);
        for (; digits != 0; value /= 10) text[--digits] = bytes1(uint8(48 + value % 10));
    }
}
