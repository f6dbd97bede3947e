-- bank.*: the life of an item, pools, pictures, and what is known of its difficulty.
-- depends: 0007_registration

SELECT 1;
