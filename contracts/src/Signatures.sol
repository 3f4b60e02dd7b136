// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ECDSA over EIP-712 messages, in one spelling
/// @notice Signatures are compact (EIP-2098), so that neither v nor the length can vary; s is in the lower half of the order.
library Signatures {
    /// @param vs The parity of the point in the highest bit, s in the others.
    struct Signature {
        bytes32 r;
        bytes32 vs;
    }

    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    error SignatureHigh(bytes32 vs);
    error SignatureInvalid();

    function recover(bytes32 digest_, Signature calldata signature) internal pure returns (address signer) {
        uint256 s = uint256(signature.vs) & type(uint256).max >> 1;
        if (s > HALF_ORDER) revert SignatureHigh(signature.vs);
        signer = ecrecover(digest_, uint8(27 + (uint256(signature.vs) >> 255)), signature.r, bytes32(s));
        if (signer == address(0)) revert SignatureInvalid();
    }

    /// @notice The chain's id is the live one: what was signed before a fork counts on one side of it.
    function domain(string memory name, address verifying) internal view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256(bytes(name)), keccak256("1"), block.chainid, verifying)
        );
    }

    function digest(bytes32 domain_, bytes32 content) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain_, content));
    }
}
