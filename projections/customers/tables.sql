-- Customers and their addresses. A merged customer keeps its rows; reads go through the alias.

CREATE TABLE customers (
    id            uuid PRIMARY KEY,
    position      bigint NOT NULL,
    language      text NOT NULL,
    name          text NOT NULL,               -- personal, sealed with the key of `address`
    address       uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    merged_into   uuid
);

CREATE TABLE customer_addresses (
    customer uuid NOT NULL,
    address  uuid NOT NULL,
    position bigint NOT NULL,
    proven   boolean NOT NULL,
    text     text NOT NULL,                    -- personal, as is the name it came with
    name     text NOT NULL,
    PRIMARY KEY (customer, address)
);

-- after the load

CREATE INDEX customers_newest ON customers (position) WHERE merged_into IS NULL;
CREATE INDEX customers_merged ON customers (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX customers_address ON customers (address);
CREATE INDEX customers_name ON customers USING gin (name public.gin_trgm_ops);
CREATE INDEX customer_addresses_address ON customer_addresses (address);
CREATE INDEX customer_addresses_text ON customer_addresses USING gin (text public.gin_trgm_ops);
CREATE INDEX customer_addresses_name ON customer_addresses USING gin (name public.gin_trgm_ops);
